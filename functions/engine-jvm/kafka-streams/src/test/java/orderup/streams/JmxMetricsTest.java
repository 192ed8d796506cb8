package orderup.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import orderup.kit.Outcome;
import org.apache.kafka.common.metrics.JmxReporter;
import org.apache.kafka.common.metrics.KafkaMetricsContext;
import org.apache.kafka.common.metrics.MetricConfig;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.processor.internals.metrics.StreamsMetricsImpl;
import org.junit.jupiter.api.Test;

class JmxMetricsTest {

  @Test
  void whatWasCommittedIsOnTheMetricsPageUnderTheNameOfAllEngines() throws Exception {
    JmxReporter jmx = new JmxReporter();
    try (Metrics metrics =
        new Metrics(
            new MetricConfig(),
            List.of(jmx),
            Time.SYSTEM,
            new KafkaMetricsContext("kafka.streams"))) {
      PartitionCounts counts =
          new PartitionCounts(
              3, new StreamsMetricsImpl(metrics, "client", Time.SYSTEM), new Committed(false));
      counts.add(Outcome.APPLIED, 10, 0);
      counts.add(Outcome.APPLIED, 11, 0);
      counts.committed(0);
      counts.add(Outcome.DEAD_LETTER, 12, 0);
      counts.aborted();
      counts.add(Outcome.DUPLICATE, 12, 0);

      String page = page();

      assertTrue(
          page.contains("orderup_engine_records_total{outcome=\"applied\",partition=\"3\"} 2.0\n"),
          page);
      assertTrue(
          page.contains(
              "orderup_engine_records_total{outcome=\"dead_letter\",partition=\"3\"} 0.0\n"),
          page);
      assertTrue(
          page.contains(
              "orderup_engine_records_total{outcome=\"duplicate\",partition=\"3\"} 0.0\n"),
          page);
      assertTrue(page.contains("# TYPE orderup_engine_records_total counter\n"), page);
      assertEquals(true, counts.isCommitted(11));
      assertEquals(false, counts.isCommitted(12));
    }
  }

  private static String page() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new JmxMetrics().write(out);
    return out.toString(StandardCharsets.UTF_8);
  }
}
