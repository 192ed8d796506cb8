package orderup.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static orderup.streams.TopologyRun.CURATED_ID;
import static orderup.streams.TopologyRun.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import orderup.fold.Decoded.OrderEvent;
import orderup.fold.Fold;
import orderup.fold.Names;
import orderup.fold.OrderState;
import orderup.fold.RawDecoder;
import orderup.fold.RowWriter;
import orderup.fold.Vectors;
import orderup.fold.Vectors.Vector;
import orderup.kit.EngineFailure;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Bytes in, bytes out, through the whole topology. Not shown here: partitions other than 0,
 * transactions and what {@link RawConsumer} does, which takes a broker: the conformance kit's.
 */
class TopologyTest {
  private static final String SHADOW = Names.shadowTopic("kafka-streams-1");
  private static final String SHADOW_DLQ = Names.shadowDlqTopic("kafka-streams-1");
  private static final String ELSEWHERE = "partition_mismatch";
  private static final String STOPPED = "newer_schema";

  /** The driver commits each record: what the fold's own tests show is not worth half a minute. */
  private static final int MANY = 1_000;

  private TopologyRun run = new TopologyRun();

  @AfterEach
  void close() {
    run.close();
  }

  @Test
  void everyVectorIsAnswered() throws IOException {
    int answered = 0;
    for (Vector vector : Vectors.load()) {
      String steps = vector.steps().toString();
      // on one partition no record is on another's
      if (steps.contains(ELSEWHERE)) continue;
      if (records(vector) > MANY) continue;
      answer(vector);
      answered++;
      run.forget();
      if (!steps.contains(STOPPED)) continue;
      run.close();
      run = new TopologyRun();
    }
    assertTrue(answered >= 365, answered + " vectors");
  }

  private static int records(Vector vector) {
    int records = 0;
    for (JsonNode step : vector.steps()) records += step.path("times").asInt(1);
    return records;
  }

  private void answer(Vector vector) {
    RawDecoder decoder = new RawDecoder(1);
    RowWriter rows = new RowWriter(CURATED_ID);
    Map<ByteBuffer, OrderState> states = new HashMap<>();
    for (JsonNode step : vector.steps()) {
      byte[] key = Vectors.key(step);
      int times = step.path("times").asInt(1);
      JsonNode expect = step.get("expect");
      for (int i = 0; i < times; i++) {
        byte[] value = Vectors.value(step, i);
        if (expect.has("stopped")) assertStops(key, value);
        else if (expect.has("rejected")) assertRejects(key, value, expect.get("rejected"));
        else {
          OrderEvent event = (OrderEvent) decoder.decode(key, value, 0, Vectors.IDS);
          OrderState before = states.get(ByteBuffer.wrap(key));
          OrderState after = Fold.apply(before, event);
          states.put(ByteBuffer.wrap(key), after);
          assertEquals(after == before, expect.has("duplicate"), vector::name);
          assertFolds(key, value, after == before ? null : rows.write(key, after));
        }
      }
    }
  }

  private void assertStops(byte[] key, byte[] value) {
    StreamsException error = assertThrows(StreamsException.class, () -> run.send(key, value));
    assertEquals("NEWER_SCHEMA", EngineFailure.in(error).code());
    assertNothing(Names.CURATED_TOPIC, Names.DLQ_TOPIC);
  }

  private void assertRejects(byte[] key, byte[] value, JsonNode reason) {
    long offset = run.send(key, value);
    TestRecord<byte[], byte[]> letter = only(run.written(Names.DLQ_TOPIC));
    assertArrayEquals(key, letter.key());
    assertArrayEquals(value, letter.value());
    String headers = text(letter.headers());
    assertTrue(headers.startsWith("dlq-reason=" + reason.textValue() + " dlq-detail="), headers);
    String place = " dlq-topic=orders.events.raw dlq-partition=0 dlq-offset=" + offset;
    assertTrue(headers.endsWith(place + " dlq-engine=kafka-streams-1"), headers);
    assertNothing(Names.CURATED_TOPIC);
  }

  /**
   * @param row null = none, for a duplicate
   */
  private void assertFolds(byte[] key, byte[] value, byte[] row) {
    long offset = run.send(key, value);
    if (row == null) {
      assertNothing(Names.CURATED_TOPIC, Names.DLQ_TOPIC);
      return;
    }
    TestRecord<byte[], byte[]> written = only(run.written(Names.CURATED_TOPIC));
    assertArrayEquals(key, written.key());
    assertArrayEquals(row, written.value());
    assertEquals(
        "engine=kafka-streams-1 raw-partition=0 raw-offset=" + offset, text(written.headers()));
    assertNothing(Names.DLQ_TOPIC);
  }

  private void assertNothing(String... topics) {
    for (String topic : topics) assertEquals(List.of(), run.written(topic));
    assertEquals(List.of(), run.written(SHADOW));
    assertEquals(List.of(), run.written(SHADOW_DLQ));
  }

  private static <T> T only(List<T> list) {
    assertEquals(1, list.size());
    return list.get(0);
  }

  @Test
  void whatIsNotOwnedGoesToTheShadows() throws IOException {
    run.owned = false;

    run.send(key(), firstEvent());
    run.send(key(), null);

    only(run.written(SHADOW));
    only(run.written(SHADOW_DLQ));
    assertEquals(List.of(), run.written(Names.CURATED_TOPIC));
    assertEquals(List.of(), run.written(Names.DLQ_TOPIC));

    run.owned = true; // an epoch later

    run.send(key(), null);

    only(run.written(Names.DLQ_TOPIC));
  }

  @Test
  void aDeadLetterKeepsNothingMoreThanItsRecordsOwnHeaders() {
    RecordHeaders headers = new RecordHeaders();
    headers.add("trace", "1".getBytes(UTF_8));
    headers.add("dlq-offset", "77".getBytes(UTF_8));
    headers.add("trace", "2".getBytes(UTF_8));
    run.send(null, null, headers);

    TestRecord<byte[], byte[]> letter = only(run.written(Names.DLQ_TOPIC));

    assertNull(letter.key());
    assertNull(letter.value());
    assertEquals(
        "trace=1 trace=2 dlq-reason=null_value dlq-detail=the record has no value"
            + " dlq-topic=orders.events.raw dlq-partition=0 dlq-offset=0"
            + " dlq-engine=kafka-streams-1",
        text(letter.headers()));
  }

  @Test
  void aRowHasNoneOfItsRecordsHeaders() throws IOException {
    RecordHeaders headers = new RecordHeaders();
    headers.add("trace", "1".getBytes(UTF_8));
    run.send(key(), firstEvent(), headers);

    assertEquals(
        "engine=kafka-streams-1 raw-partition=0 raw-offset=0",
        text(only(run.written(Names.CURATED_TOPIC)).headers()));
  }

  private static JsonNode firstStep() throws IOException {
    return Vectors.load().stream()
        .filter(vector -> vector.file().startsWith("fold-"))
        .findFirst()
        .orElseThrow()
        .steps()
        .get(0);
  }

  private static byte[] key() throws IOException {
    return Vectors.key(firstStep());
  }

  private static byte[] firstEvent() throws IOException {
    return Vectors.value(firstStep(), 0);
  }
}
