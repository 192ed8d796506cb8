package orderup.streams;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.common.metrics.Sensor.RecordingLevel;
import org.apache.kafka.common.metrics.stats.CumulativeSum;
import org.apache.kafka.streams.StreamsMetrics;

/**
 * The accounting of one raw partition: every record is in exactly one outcome. A sensor (and with
 * it JMX) is told of what a transaction holds once that is committed. For one thread.
 */
final class PartitionCounts {
  /** The type of the MBeans, in domain kafka.streams. */
  static final String GROUP = "orderup-engine-metrics";

  private final int partition;
  private final Sensor[] sensors = new Sensor[Outcome.values().length];
  private final long[] pending = new long[sensors.length];
  private long processed = -1;
  private long committed = -1;

  PartitionCounts(int partition, StreamsMetrics metrics) {
    this.partition = partition;
    for (Outcome outcome : Outcome.values())
      sensors[outcome.ordinal()] = sensor(metrics, partition, outcome.label());
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

  void add(Outcome outcome, long offset) {
    pending[outcome.ordinal()]++;
    processed = offset;
  }

  void committed() {
    for (int i = 0; i < pending.length; i++) {
      if (pending[i] > 0) sensors[i].record(pending[i]);
      pending[i] = 0;
    }
    committed = processed;
  }

  void aborted() {
    Arrays.fill(pending, 0);
    processed = committed;
  }

  /** Whether everything up to this offset was committed by this task. */
  boolean isCommitted(long offset) {
    return committed >= offset;
  }
}
