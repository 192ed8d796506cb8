package orderup.fold;

import java.time.Instant;

/** The contract's bounds. Money is in minor units. */
final class Limits {
  /**
   * The largest whole number that a double still tells from its neighbours: JavaScript's bound, and
   * so everyone's.
   */
  static final long MAX_LONG = (1L << 53) - 1;

  /** The largest amount, and the largest item total of one event. */
  static final long MAX_AMOUNT = 1_000_000_000_000L;

  static final int MAX_QUANTITY = 1_000_000;
  static final long MAX_QUANTITY_SUM = Integer.MAX_VALUE;
  static final int MAX_ITEMS = 10_000;

  /** of every string, in UTF-8 bytes */
  static final int MAX_STRING_BYTES = 1_024;

  /** event_ts lies in the years 2000–2099 (UTC) */
  static final long MIN_EVENT_TS = Instant.parse("2000-01-01T00:00:00Z").toEpochMilli();

  static final long MAX_EVENT_TS = Instant.parse("2100-01-01T00:00:00Z").toEpochMilli() - 1;

  private Limits() {}
}
