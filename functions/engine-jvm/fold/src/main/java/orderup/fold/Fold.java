package orderup.fold;

import static orderup.fold.OrderState.NEVER;

import java.util.Arrays;
import orderup.fold.Decoded.OrderEvent;
import orderup.fold.OrderState.Fact;
import orderup.fold.OrderState.Stamp;

/** The fold of the contract: the state of an order and one event give the order's next state. Pure. */
public final class Fold {
  private static final long[] NONE_YET = new long[EventType.BY_RANK.size()];

  static {
    Arrays.fill(NONE_YET, NEVER);
  }

  /**
   * @param before null for an order not seen before
   * @param event as {@link RawDecoder} gave it
   * @return the new state; {@code before} itself, the same object, where this event id was applied already: a duplicate
   */
  public static OrderState apply(OrderState before, OrderEvent event) {
    long ts = event.ts();
    EventType type = event.type();
    if (before == null) return first(event);
    if (before.ids().contains(event.idHigh(), event.idLow())) return before;

    EventIds ids = before.ids().append(event.idHigh(), event.idLow());
    Stamp by = new Stamp(ts, type.rank(), ids.count() - 1);
    Stamp status = before.status();
    boolean setsStatus = type.setsStatus() && (status == null || by.isLaterThan(status, ids));
    return new OrderState(
        ids,
        setsStatus ? by : status,
        later(before.customer(), event.customerId(), by, ids),
        later(before.currency(), event.currency(), by, ids),
        later(before.items(), event.items(), by, ids),
        later(before.shipping(), event.shippingAmount(), by, ids),
        latest(before.latest(), type, ts),
        add(before.paid(), type == EventType.ORDER_PAID ? event.amount() : 0),
        add(before.refunded(), type == EventType.ORDER_REFUNDED ? event.amount() : 0),
        Math.min(before.firstTs(), ts),
        Math.max(before.lastTs(), ts));
  }

  private static OrderState first(OrderEvent event) {
    EventIds ids = EventIds.NONE.append(event.idHigh(), event.idLow());
    long ts = event.ts();
    EventType type = event.type();
    Stamp by = new Stamp(ts, type.rank(), 0);
    return new OrderState(
        ids,
        type.setsStatus() ? by : null,
        later(null, event.customerId(), by, ids),
        later(null, event.currency(), by, ids),
        later(null, event.items(), by, ids),
        later(null, event.shippingAmount(), by, ids),
        latest(NONE_YET, type, ts),
        type == EventType.ORDER_PAID ? event.amount() : 0,
        type == EventType.ORDER_REFUNDED ? event.amount() : 0,
        ts,
        ts);
  }

  /** @param value null where the event leaves the fact as it is */
  private static <T> Fact<T> later(Fact<T> fact, T value, Stamp by, EventIds ids) {
    if (value == null) return fact;
    return fact == null || by.isLaterThan(fact.by(), ids) ? new Fact<>(value, by) : fact;
  }

  private static long[] latest(long[] latest, EventType type, long ts) {
    int rank = type.rank();
    if (!type.setsStatus() || latest[rank] >= ts) return latest;
    long[] changed = latest.clone();
    changed[rank] = ts;
    return changed;
  }

  /** Sums stop at 2⁵³−1. */
  private static long add(long sum, long amount) {
    return Math.min(sum + amount, Limits.MAX_LONG);
  }

  private Fold() {}
}
