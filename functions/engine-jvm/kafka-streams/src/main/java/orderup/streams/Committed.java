package orderup.streams;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import orderup.kit.Outcome;

/** What this process has committed, of all partitions: for whoever looks now and then. */
final class Committed {
  private final LongAdder[] totals =
      Arrays.stream(Outcome.values()).map(outcome -> new LongAdder()).toArray(LongAdder[]::new);
  private final Map<Integer, PartitionCounts> held = new ConcurrentHashMap<>();
  private final ConcurrentLinkedQueue<Double> waits = new ConcurrentLinkedQueue<>();

  private final boolean keepsWaits;

  /**
   * @param keepsWaits whether somebody takes them
   */
  Committed(boolean keepsWaits) {
    this.keepsWaits = keepsWaits;
  }

  void hold(PartitionCounts counts) {
    held.put(counts.partition(), counts);
  }

  void release(PartitionCounts counts) {
    held.remove(counts.partition(), counts);
  }

  void add(Outcome outcome, long count) {
    totals[outcome.ordinal()].add(count);
  }

  /**
   * @param seconds from the append of a transaction's oldest record of a partition to its commit
   */
  void waited(double seconds) {
    if (keepsWaits) waits.add(seconds);
  }

  long total(Outcome outcome) {
    return totals[outcome.ordinal()].sum();
  }

  /** The waits since the last call. */
  double[] takeWaits() {
    List<Double> taken = new ArrayList<>();
    for (Double wait = waits.poll(); wait != null; wait = waits.poll()) taken.add(wait);
    return taken.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /**
   * The longest lag of the partitions held here; NaN where one of them is not known.
   *
   * @param now epoch milliseconds
   */
  double lagSeconds(long now) {
    return held.values().stream()
        .mapToDouble(counts -> counts.lagSeconds(now))
        .reduce(Math::max)
        .orElse(Double.NaN);
  }
}
