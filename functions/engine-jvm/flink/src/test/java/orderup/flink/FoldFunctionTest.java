package orderup.flink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import orderup.fold.Decoded.OrderEvent;
import orderup.fold.Fold;
import orderup.fold.Names;
import orderup.fold.OrderState;
import orderup.fold.RawDecoder;
import orderup.fold.RowWriter;
import orderup.fold.Vectors;
import orderup.fold.Vectors.Vector;
import orderup.kit.EngineFailure;
import orderup.kit.Outcome;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.Test;

/**
 * Bytes in, bytes out, through the operator that keeps the state. Not shown here: what the source
 * and the sink do, which takes a broker: the conformance kit's.
 */
class FoldFunctionTest {

  @Test
  void everyVectorIsAnswered() throws Exception {
    List<Vector> vectors = Vectors.load();
    Map<Integer, FoldRun> runs = new HashMap<>(); // an operator is slow to make
    for (Vector vector : vectors) {
      int partitions = vector.steps().get(0).get("partitions").intValue();
      if (!runs.containsKey(partitions)) runs.put(partitions, new FoldRun(partitions, null));
      answer(vector, partitions, runs.get(partitions));
    }
    for (FoldRun run : runs.values()) run.close();
    assertTrue(vectors.size() >= 376, () -> vectors.size() + " vectors");
  }

  private static void answer(Vector vector, int partitions, FoldRun run) throws Exception {
    RawDecoder decoder = new RawDecoder(partitions);
    RowWriter rows = new RowWriter(FoldRun.CURATED_ID);
    Map<ByteBuffer, OrderState> states = new HashMap<>();
    for (JsonNode step : vector.steps()) {
      int partition = step.get("partition").intValue();
      byte[] key = Vectors.key(step);
      JsonNode expect = step.get("expect");
      for (int i = 0; i < step.path("times").asInt(1); i++) {
        byte[] value = Vectors.value(step, i);
        if (expect.has("stopped")) {
          Exception error = assertThrows(Exception.class, () -> run.send(partition, key, value));
          assertEquals("NEWER_SCHEMA", EngineFailure.in(error).code());
        } else if (expect.has("rejected")) {
          OutRecord letter = only(run.send(partition, key, value));
          assertEquals(Names.DLQ_TOPIC, letter.topic());
          assertSame(value, letter.value());
          String reason = "dlq-reason=" + expect.get("rejected").textValue() + " ";
          assertTrue(FoldRun.text(letter.headers()).startsWith(reason), vector::name);
        } else {
          OrderEvent event = (OrderEvent) decoder.decode(key, value, partition, Vectors.IDS);
          OrderState before = states.get(ByteBuffer.wrap(key));
          OrderState after = Fold.apply(before, event);
          states.put(ByteBuffer.wrap(key), after);
          List<OutRecord> out = run.send(partition, key, value);
          assertEquals(expect.has("duplicate"), out.isEmpty(), vector::name);
          if (!out.isEmpty()) assertArrayEquals(rows.write(key, after), only(out).value());
        }
      }
    }
    for (JsonNode step : vector.steps()) run.forget(Vectors.key(step));
  }

  private static <T> T only(List<T> list) {
    assertEquals(1, list.size());
    return list.get(0);
  }

  /** Steps of vectors that are events of one order. */
  private static List<JsonNode> events() throws IOException {
    return Vectors.load().stream()
        .map(Vector::steps)
        .filter(steps -> steps.size() >= 3 && steps.get(2).get("expect").has("row"))
        .filter(steps -> Arrays.equals(Vectors.key(steps.get(0)), Vectors.key(steps.get(2))))
        .findFirst()
        .map(steps -> List.of(steps.get(0), steps.get(1), steps.get(2)))
        .orElseThrow();
  }

  private static List<OutRecord> send(FoldRun run, JsonNode step) throws Exception {
    return run.send(step.get("partition").intValue(), Vectors.key(step), Vectors.value(step, 0));
  }

  private static FoldRun runOf(List<JsonNode> events, OperatorSubtaskState restored)
      throws Exception {
    return new FoldRun(events.get(0).get("partitions").intValue(), restored);
  }

  @Test
  void aRowGoesToItsRawPartitionWithTheThreeHeaders() throws Exception {
    List<JsonNode> events = events();
    try (FoldRun run = runOf(events, null)) {
      send(run, events.get(0));

      OutRecord row = only(send(run, events.get(1)));

      int partition = events.get(1).get("partition").intValue();
      assertEquals(Names.CURATED_TOPIC, row.topic());
      assertEquals(partition, row.partition());
      assertArrayEquals(Vectors.key(events.get(1)), row.key());
      assertEquals(
          "engine=flink-1 raw-partition=" + partition + " raw-offset=1",
          FoldRun.text(row.headers()));
    }
  }

  @Test
  void aDeadLetterKeepsWhatItHadButForTheHeadersThatAreItsOwn() throws Exception {
    try (FoldRun run = new FoldRun(4, null)) {
      Header[] headers = {
        new RecordHeader("trace", "a".getBytes(UTF_8)),
        new RecordHeader("dlq-reason", "forged".getBytes(UTF_8)),
        new RecordHeader("trace", null),
      };

      OutRecord letter = only(run.send(3, null, null, headers));

      assertEquals(3, letter.partition());
      assertNull(letter.key());
      assertNull(letter.value());
      assertEquals(
          "trace=a trace=null dlq-reason=null_value dlq-detail=the record has no value"
              + " dlq-topic=orders.events.raw dlq-partition=3 dlq-offset=0 dlq-engine=flink-1",
          FoldRun.text(letter.headers()));
    }
  }

  @Test
  void whatIsNotOwnedGoesToTheShadowsFromTheNextRecordOn() throws Exception {
    List<JsonNode> events = events();
    try (FoldRun run = runOf(events, null)) {
      send(run, events.get(0));
      FoldRun.owned = false;

      OutRecord row = only(send(run, events.get(1)));
      OutRecord letter = only(run.send(0, null, null));

      assertEquals("orders.orders.shadow.flink-1", row.topic());
      assertEquals("orders.events.dlq.shadow.flink-1", letter.topic());
    }
  }

  @Test
  void aRestoredStateFoldsOnAsIfNothingHadHappened() throws Exception {
    List<JsonNode> events = events();
    byte[] uninterrupted;
    OperatorSubtaskState snapshot;
    try (FoldRun run = runOf(events, null)) {
      send(run, events.get(0));
      send(run, events.get(1));
      snapshot = run.snapshot(1);
      uninterrupted = only(send(run, events.get(2))).value();
    }

    try (FoldRun run = runOf(events, snapshot)) {
      assertEquals(List.of(), send(run, events.get(0)));
      assertArrayEquals(uninterrupted, only(send(run, events.get(2))).value());
    }
  }

  @Test
  void recordsAreCountedWhenTheCheckpointThatCoversThemIsComplete() throws Exception {
    List<JsonNode> events = events();
    int partition = events.get(0).get("partition").intValue();
    long[] before = counts(partition);
    try (FoldRun run = runOf(events, null)) {
      send(run, events.get(0));
      send(run, events.get(0));
      run.snapshot(1);
      send(run, events.get(1));
      run.snapshot(2);
      send(run, events.get(2));
      run.snapshot(3);
      assertArrayEquals(before, counts(partition));

      run.complete(2); // what is known of 1 too

      assertArrayEquals(new long[] {before[0] + 2, before[1] + 1, before[2]}, counts(partition));
    }
    assertArrayEquals(new long[] {before[0] + 2, before[1] + 1, before[2]}, counts(partition));
  }

  private static long[] counts(int partition) {
    return Objects.requireNonNullElse(
        Progress.INSTANCE.committed().get(partition), new long[Outcome.values().length]);
  }

  @Test
  void sharesThatFailEndTheJobWithoutARecord() throws Exception {
    try (FoldRun run = new FoldRun(4, null)) {
      FoldRun.failure = new StopsForGood(new EngineFailure("SHARES", "no epoch", null));
      run.snapshot(1);

      assertThrows(StopsForGood.class, () -> run.complete(1));
    }
  }
}
