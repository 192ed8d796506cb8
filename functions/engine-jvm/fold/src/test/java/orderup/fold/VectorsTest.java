package orderup.fold;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import orderup.fold.SmallestEngine.Answer;
import orderup.fold.SmallestEngine.DeadLetter;
import orderup.fold.SmallestEngine.Duplicate;
import orderup.fold.SmallestEngine.Row;
import orderup.fold.SmallestEngine.Stopped;
import orderup.fold.Vectors.Vector;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every vector of the contract, through bytes in and bytes out, with the state stored after every
 * event.
 */
class VectorsTest {

  @TestFactory
  Stream<DynamicTest> vectors() throws IOException {
    return Vectors.load().stream()
        .map(vector -> dynamicTest(vector.file() + ": " + vector.name(), () -> run(vector)));
  }

  private static void run(Vector vector) throws IOException {
    SmallestEngine engine = null;
    int partitions = 0;
    for (JsonNode step : vector.steps()) {
      if (engine == null) {
        partitions = step.get("partitions").intValue();
        engine = new SmallestEngine(partitions, Vectors.IDS);
      }
      assertEquals(
          partitions, step.get("partitions").intValue(), "a vector has one number of partitions");
      int times = step.path("times").asInt(1);
      for (int i = 0; i < times; i++) {
        Answer answer =
            engine.answer(
                Vectors.key(step), Vectors.value(step, i), step.get("partition").intValue());
        if (i < times - 1)
          assertTrue(answer instanceof Row, () -> "record before the last: " + answer);
        else assertEquals(text(step.get("expect")), text(json(answer)));
      }
    }
  }

  private static JsonNode json(Answer answer) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (answer instanceof Row row) return json.set("row", Avro.json(read(row)));
    if (answer instanceof Duplicate) return json.put("duplicate", true);
    if (answer instanceof DeadLetter letter) return json.put("rejected", letter.reason().header());
    assertEquals(new Stopped(Vectors.NEWER, Schemas.RAW_VERSION + 1), answer);
    return json.put("stopped", "newer_schema");
  }

  /** By Avro's own reader; and its writer must give the same bytes. */
  private static GenericRecord read(Row row) throws IOException {
    GenericRecord record = Avro.read(Avro.CURATED, row.value());
    assertArrayEquals(Vectors.framed(SmallestEngine.CURATED_ID, Avro.write(record)), row.value());
    return record;
  }

  /**
   * As text, so that a number is equal whether Jackson took it for an int or a long, and a failure
   * can be read.
   */
  private static String text(JsonNode json) {
    return json.toPrettyString();
  }

  @Test
  void theVectorsAreAllThere() throws IOException {
    List<Vector> vectors = Vectors.load();
    assertTrue(vectors.size() >= 376, () -> vectors.size() + " vectors");
    Set<Reason> unseen = EnumSet.allOf(Reason.class);
    Set<String> answers = new HashSet<>();
    for (Vector vector : vectors)
      for (JsonNode step : vector.steps()) {
        String rejected = step.get("expect").path("rejected").textValue();
        unseen.removeIf(reason -> reason.header().equals(rejected));
        step.get("expect").fieldNames().forEachRemaining(answers::add);
      }
    assertEquals(Set.of(), unseen);
    assertEquals(Set.of("row", "duplicate", "rejected", "stopped"), answers);
  }

  @Test
  void keysLieOnTheirPartitionsAndInTheirBuckets() throws IOException {
    JsonNode keys = Vectors.placement().get("keys");
    assertTrue(keys.size() >= 25, () -> keys.size() + " keys");
    for (JsonNode entry : keys) {
      byte[] key = entry.get("key").isNull() ? null : Vectors.hex(entry.get("key"));
      assertEquals(entry.get("bucket").intValue(), Partitioner.bucketOf(key), entry::toString);
      for (var n : entry.get("partitions").properties())
        assertEquals(
            n.getValue().intValue(),
            Partitioner.partitionOf(key, Integer.parseInt(n.getKey())),
            entry::toString);
    }
  }
}
