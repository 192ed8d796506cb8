package orderup.streams;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import orderup.kit.Outcome;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.common.metrics.Sensor.RecordingLevel;
import org.apache.kafka.common.metrics.stats.CumulativeSum;
import org.apache.kafka.streams.StreamsMetrics;

/**
 * The accounting of one raw partition: every record is in exactly one outcome. A sensor (and with
 * it JMX) is told of what a transaction holds once that is committed. For one stream thread; the
 * lag may be asked by another.
 */
final class PartitionCounts {
  /** The type of the MBeans, in domain kafka.streams. */
  static final String GROUP = "orderup-engine-metrics";

  /** A look at the end of raw that is older than this says nothing any more. */
  private static final long LOOK_LASTS_MS = 20_000;

  private final int partition;
  private final Committed committedByAll;
  private final Sensor[] sensors = new Sensor[Outcome.values().length];
  private final long[] pending = new long[sensors.length];
  private long processed = -1;
  private long committed = -1;
  private long oldestPending = Long.MAX_VALUE;
  private long newestPending;
  private boolean closed;

  /** when what is not committed was appended at the earliest, epoch milliseconds; 0 = not known */
  private volatile long since;

  private volatile boolean caughtUp;
  private volatile long lookedAt;

  PartitionCounts(int partition, StreamsMetrics metrics, Committed committedByAll) {
    this.partition = partition;
    this.committedByAll = committedByAll;
    for (Outcome outcome : Outcome.values())
      sensors[outcome.ordinal()] = sensor(metrics, partition, outcome.label());
    committedByAll.hold(this);
  }

  // The tags are in the order in which prometheus.yaml has them. A partition that comes back to
  // this process goes on with the sensor that it had.
  private static Sensor sensor(StreamsMetrics metrics, int partition, String outcome) {
    Sensor sensor = metrics.addSensor("orderup-" + partition + "-" + outcome, RecordingLevel.INFO);
    sensor.add(
        new MetricName(
            "records-total",
            GROUP,
            "Raw records whose outcome was committed by this process",
            new TreeMap<>(Map.of("outcome", outcome, "partition", "" + partition))),
        new CumulativeSum());
    return sensor;
  }

  int partition() {
    return partition;
  }

  /**
   * @param appendedAt epoch milliseconds
   */
  void add(Outcome outcome, long offset, long appendedAt) {
    pending[outcome.ordinal()]++;
    processed = offset;
    oldestPending = Math.min(oldestPending, appendedAt);
    newestPending = appendedAt;
  }

  void committed(long now) {
    if (processed == committed) return;
    for (Outcome outcome : Outcome.values()) {
      long count = pending[outcome.ordinal()];
      if (count == 0) continue;
      sensors[outcome.ordinal()].record(count);
      committedByAll.add(outcome, count);
    }
    committedByAll.waited(Math.max(0, now - oldestPending) / 1_000.0);
    since = newestPending;
    committed = processed;
    forget();
  }

  void aborted() {
    processed = committed;
    forget();
  }

  private void forget() {
    Arrays.fill(pending, 0);
    oldestPending = Long.MAX_VALUE;
  }

  /** Whether everything up to this offset was committed by this task. */
  boolean isCommitted(long offset) {
    return committed >= offset;
  }

  /**
   * The end of raw was seen.
   *
   * @param allRead whether everything before it was handed to the tasks
   */
  void looked(boolean allRead, long now) {
    caughtUp = allRead && processed == committed;
    if (caughtUp) since = now;
    lookedAt = now;
  }

  /**
   * How long the oldest record that is not yet committed has been in raw, at most; 0 = caught up,
   * NaN = not known.
   *
   * @param now epoch milliseconds
   */
  double lagSeconds(long now) {
    if (now - lookedAt > LOOK_LASTS_MS) return Double.NaN;
    if (caughtUp) return 0;
    return since == 0 ? Double.NaN : Math.max(0, now - since) / 1_000.0;
  }

  /** The task has ended; what it did last may still be committed. */
  void close() {
    closed = true;
    committedByAll.release(this);
  }

  boolean isClosed() {
    return closed;
  }
}
