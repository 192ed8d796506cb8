package orderup.fold;

import java.util.List;

/**
 * Every event type of the contract in lifecycle order: the ordinal is the rank that breaks ties in
 * time.
 */
public enum EventType {
  ORDER_CREATED(1),
  /** sets no status */
  ORDER_UPDATED(0),
  ORDER_PAID(2),
  ORDER_SHIPPED(3),
  ORDER_DELIVERED(4),
  ORDER_CANCELLED(5),
  ORDER_REFUNDED(6);

  static final List<EventType> BY_RANK = List.of(values());

  /**
   * The status that an event of this type sets, as its index in the curated schema's enum; 0 is
   * UNKNOWN.
   */
  final int status;

  EventType(int status) {
    this.status = status;
  }

  int rank() {
    return ordinal();
  }

  boolean setsStatus() {
    return this != ORDER_UPDATED;
  }
}
