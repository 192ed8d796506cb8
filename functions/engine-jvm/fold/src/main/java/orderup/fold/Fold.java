package orderup.fold;

import static orderup.fold.OrderState.NEVER;

import java.util.Arrays;
import orderup.fold.Decoded.OrderEvent;
import orderup.fold.OrderState.Fact;
import orderup.fold.OrderState.Stamp;

/**
 * The fold of the contract: the state of an order and one event give the order's next state. Pure.
 */
public final class Fold {
  /** An order of no events. */
  private static final OrderState NOTHING =
      new OrderState(
          EventIds.NONE,
          null,
          null,
          null,
          null,
          null,
          never(),
          0,
          0,
          Long.MAX_VALUE,
          Long.MIN_VALUE);

  /**
   * @param before null for an order not seen before
   * @param event as {@link RawDecoder} gave it
   * @return the new state; {@code before} itself, the same object, where this event id was applied
   *     already: a duplicate
   */
  public static OrderState apply(OrderState before, OrderEvent event) {
    OrderState state = before == null ? NOTHING : before;
    if (state.ids().contains(event.idHigh(), event.idLow())) return before;

    long ts = event.ts();
    EventType type = event.type();
    EventIds ids = state.ids().append(event.idHigh(), event.idLow());
    Stamp by = new Stamp(ts, type.rank(), ids.count() - 1);
    Stamp status = state.status();
    boolean setsStatus = type.setsStatus() && (status == null || by.isLaterThan(status, ids));
    return new OrderState(
        ids,
        setsStatus ? by : status,
        later(state.customer(), event.customerId(), by, ids),
        later(state.currency(), event.currency(), by, ids),
        later(state.items(), event.items(), by, ids),
        later(state.shipping(), event.shippingAmount(), by, ids),
        latest(state.latest(), type, ts),
        add(state.paid(), type == EventType.ORDER_PAID ? event.amount() : 0),
        add(state.refunded(), type == EventType.ORDER_REFUNDED ? event.amount() : 0),
        Math.min(state.firstTs(), ts),
        Math.max(state.lastTs(), ts));
  }

  /**
   * @param value null where the event leaves the fact as it is
   */
  private static <T> Fact<T> later(Fact<T> fact, T value, Stamp by, EventIds ids) {
    if (value == null) return fact;
    return fact == null || by.isLaterThan(fact.by(), ids) ? new Fact<>(value, by) : fact;
  }

  private static long[] never() {
    long[] latest = new long[EventType.BY_RANK.size()];
    Arrays.fill(latest, NEVER);
    return latest;
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
