package orderup.fold;

import java.util.Arrays;

/**
 * The ids of the events applied to an order, in that order, 16 bytes each. A value: {@link #append}
 * gives a new one. Values that grew from one another share one log, of which each sees its own
 * first {@code count} ids, so that an order of 100,000 events is not copied 100,000 times. Whoever
 * reads a value may do so while another thread appends to it; only one may append.
 */
final class EventIds {
  static final EventIds NONE = new EventIds(new Log(new long[0], 0), 0);

  private static final int FIRST_CAPACITY = 4;

  private static final class Log {
    /** two longs an id */
    final long[] bits;

    /** how many ids the longest of the values that share this log has */
    int used;

    Log(long[] bits, int used) {
      this.bits = bits;
      this.used = used;
    }
  }

  private final Log log;
  private final int count;

  private EventIds(Log log, int count) {
    this.log = log;
    this.count = count;
  }

  int count() {
    return count;
  }

  boolean contains(long high, long low) {
    long[] bits = log.bits;
    for (int i = 0; i < 2 * count; i += 2) if (bits[i] == high && bits[i + 1] == low) return true;
    return false;
  }

  EventIds append(long high, long low) {
    int at = 2 * count;
    boolean free = log.used == count && at < log.bits.length;
    Log target = free ? log : new Log(Arrays.copyOf(log.bits, capacity()), count);
    target.bits[at] = high;
    target.bits[at + 1] = low;
    target.used = count + 1;
    return new EventIds(target, count + 1);
  }

  private int capacity() {
    return 2 * Math.max(FIRST_CAPACITY, 2 * count);
  }

  long highAt(int index) {
    return log.bits[2 * index];
  }

  long lowAt(int index) {
    return log.bits[2 * index + 1];
  }

  /** Whether one id is greater than another, as bytes: which for lower-case UUIDs is as text. */
  boolean isGreater(int a, int b) {
    int high = Long.compareUnsigned(highAt(a), highAt(b));
    return high != 0 ? high > 0 : Long.compareUnsigned(lowAt(a), lowAt(b)) > 0;
  }

  void write(AvroWriter w) {
    w.writeLong(count);
    for (int i = 0; i < 2 * count; i++) w.writeFixed64(log.bits[i]);
  }

  /**
   * From what {@link #write} wrote, with room for one more: a stored state is read to be folded on.
   */
  static EventIds read(AvroReader r) {
    long count = r.readLong();
    if (count < 1 || count > r.remaining() / 16) throw new NotDecodable(count + " event ids");
    long[] bits = new long[2 * (int) count + 2];
    for (int i = 0; i < 2 * count; i++) bits[i] = r.readFixed64();
    return new EventIds(new Log(bits, (int) count), (int) count);
  }
}
