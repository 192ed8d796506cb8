package orderup.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import orderup.kit.HealthServer;
import orderup.kit.Outcome;

/** What this JVM's job did, in Prometheus' text format, under the names that every engine has. */
final class LocalMetrics implements HealthServer.Metrics {

  @Override
  public void write(OutputStream out) throws IOException {
    StringBuilder text = new StringBuilder();
    String records = "orderup_engine_records_total";
    head(text, records, "counter", "Raw records whose outcome was committed by this process");
    Progress.INSTANCE
        .committed()
        .forEach(
            (partition, counts) -> {
              for (Outcome outcome : Outcome.values())
                text.append(
                    "%s{partition=\"%d\",outcome=\"%s\"} %d\n"
                        .formatted(records, partition, outcome.label(), counts[outcome.ordinal()]));
            });
    String epoch = "orderup_engine_epoch";
    head(
        text,
        epoch,
        "gauge",
        "Epoch of the shares that every subtask of the fold acts on, or a newer one");
    text.append(epoch).append(' ').append(Progress.INSTANCE.epoch()).append('\n');
    out.write(text.toString().getBytes(UTF_8));
  }

  private static void head(StringBuilder text, String name, String type, String help) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }
}
