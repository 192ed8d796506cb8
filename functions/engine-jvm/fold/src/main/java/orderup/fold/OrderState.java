package orderup.fold;

/**
 * All that the fold remembers of one order. A value: it never changes, so an engine may share, keep
 * and write it from any thread (only the fold itself must go from one to the next in one thread).
 *
 * @param status the event that set the status last; null where none did
 * @param shipping the value is in minor units
 * @param latest by rank: event_ts of the greatest event of that type, or {@link #NEVER}
 */
public record OrderState(
    EventIds ids,
    Stamp status,
    Fact<byte[]> customer,
    Fact<byte[]> currency,
    Fact<ItemTotals> items,
    Fact<Long> shipping,
    long[] latest,
    long paid,
    long refunded,
    long firstTs,
    long lastTs) {

  static final long NEVER = Long.MIN_VALUE;

  /**
   * What decides between two events that set the same fact: time, then rank, then event id.
   *
   * @param id index into the order's event ids
   */
  record Stamp(long ts, int rank, int id) {

    boolean isLaterThan(Stamp other, EventIds ids) {
      if (ts != other.ts) return ts > other.ts;
      if (rank != other.rank) return rank > other.rank;
      return ids.isGreater(id, other.id);
    }
  }

  /** A value and the event that set it. */
  record Fact<T>(T value, Stamp by) {}

  /** The number of distinct events applied. */
  public long version() {
    return ids.count();
  }
}
