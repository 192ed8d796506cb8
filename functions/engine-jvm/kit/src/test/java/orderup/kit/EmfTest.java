package orderup.kit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import orderup.kit.Emf.Measure;
import orderup.kit.Emf.Unit;
import org.junit.jupiter.api.Test;

class EmfTest {

  @Test
  void aLineIsADocumentOfWhatIsKnown() {
    Map<String, Measure> metrics = new LinkedHashMap<>();
    metrics.put("Applied", new Measure(Unit.COUNT, 3));
    metrics.put("LagSeconds", new Measure(Unit.SECONDS, Double.NaN));
    metrics.put("Waited", new Measure(Unit.SECONDS, 0.5, 0.25));
    metrics.put("Nothing", new Measure(Unit.SECONDS));

    assertEquals(
        "{\"_aws\":{\"Timestamp\":7,\"CloudWatchMetrics\":[{\"Namespace\":\"OrderUp\","
            + "\"Dimensions\":[[\"Stack\"]],\"Metrics\":[{\"Name\":\"Applied\",\"Unit\":\"Count\"},"
            + "{\"Name\":\"Waited\",\"Unit\":\"Seconds\"}]}]},\"Stack\":\"prod\",\"Applied\":3.0,"
            + "\"Waited\":[0.25,0.5]}",
        Emf.line(Map.of("Stack", "prod"), metrics, 7));
  }

  @Test
  void manyObservationsAreAHundredOfThem() throws Exception {
    double[] values = IntStream.range(0, 1_000).mapToDouble(i -> i).toArray();

    String line = Emf.line(Map.of(), Map.of("W", new Measure(Unit.SECONDS, values)), 7);

    JsonNode shown = new ObjectMapper().readTree(line).get("W");
    assertEquals(100, shown.size());
    assertEquals(5, shown.get(0).asDouble());
    assertEquals(995, shown.get(99).asDouble());
  }

  @Test
  void whereNothingIsKnownNothingIsSaid() {
    assertNull(Emf.line(Map.of("Stack", "x"), Map.of(), 7));
  }
}
