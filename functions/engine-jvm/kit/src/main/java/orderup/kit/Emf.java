package orderup.kit;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Map;

/**
 * CloudWatch's embedded metric format: a line of JSON in a log, which CloudWatch Logs turns into
 * metrics. Its TypeScript form, with the specification's address, is functions/kit/src/emf.ts.
 */
public final class Emf {
  private static final String NAMESPACE = "OrderUp";

  /** The specification's limit for the observations of one metric. */
  private static final int MAX_VALUES = 100;

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One metric.
   *
   * @param values one, or as many observations; those that are NaN are not known
   */
  public record Measure(Unit unit, double... values) {}

  public enum Unit {
    COUNT("Count"),
    SECONDS("Seconds");

    private final String text;

    Unit(String text) {
      this.text = text;
    }
  }

  /**
   * One document as one line; what is not known is left out.
   *
   * @param now epoch milliseconds
   * @return null where nothing is known
   */
  public static String line(
      Map<String, String> dimensions, Map<String, Measure> metrics, long now) {
    ObjectNode line = JSON.createObjectNode();
    ObjectNode header = line.putObject("_aws").put("Timestamp", now);
    ObjectNode directive = header.putArray("CloudWatchMetrics").addObject();
    directive.put("Namespace", NAMESPACE);
    ArrayNode names = directive.putArray("Dimensions").addArray();
    ArrayNode listed = directive.putArray("Metrics");
    dimensions.forEach(
        (name, value) -> {
          names.add(name);
          line.put(name, value);
        });
    metrics.forEach(
        (name, measure) -> {
          double[] values = Arrays.stream(measure.values).filter(Double::isFinite).toArray();
          if (values.length == 0) return;
          listed.addObject().put("Name", name).put("Unit", measure.unit.text);
          if (values.length == 1) line.put(name, values[0]);
          else Arrays.stream(spaced(values)).forEach(line.withArray("/" + name)::add);
        });
    return listed.isEmpty() ? null : line.toString();
  }

  /** Evenly spaced quantiles, as many as the specification allows. */
  private static double[] spaced(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = Math.min(MAX_VALUES, sorted.length);
    double[] chosen = new double[n];
    for (int i = 0; i < n; i++) chosen[i] = sorted[(int) ((i + 0.5) / n * sorted.length)];
    return chosen;
  }

  private Emf() {}
}
