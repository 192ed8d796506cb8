package orderup.streams;

import io.prometheus.jmx.JmxCollector;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import javax.management.JMException;
import orderup.kit.HealthServer;

/** All metrics as JMX has them, in Prometheus' text format: rules in prometheus.yaml. */
final class JmxMetrics implements HealthServer.Metrics {
  private final PrometheusTextFormatWriter writer = new PrometheusTextFormatWriter(false);
  private final PrometheusRegistry registry = new PrometheusRegistry();

  JmxMetrics() throws IOException, JMException {
    try (InputStream rules = JmxMetrics.class.getResourceAsStream("/prometheus.yaml")) {
      new JmxCollector(rules).register(registry);
    }
  }

  @Override
  public void write(OutputStream out) throws IOException {
    writer.write(out, registry.scrape());
  }
}
