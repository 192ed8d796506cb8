package orderup.flink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import orderup.kit.EngineFailure;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.Committer.CommitRequest;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** When a transaction that is no more means that rows are lost. */
class DatedCommitterTest {
  private static final long TIMEOUT_MS = 1_000;
  private static final long BEGUN_MS = 5_000;
  private static final ProducerFencedException FENCED = new ProducerFencedException("fenced");

  /** KafkaSink's committer, which fails for a reason it knows. */
  private record Failing(RuntimeException why) implements Committer<KafkaCommittable> {
    @Override
    public void commit(Collection<CommitRequest<KafkaCommittable>> requests) {
      for (var request : requests) request.signalFailedWithKnownReason(why);
    }

    @Override
    public void close() {}
  }

  private static final class Request implements CommitRequest<Dated> {
    private final Dated dated;
    private Throwable known;

    Request(KafkaCommittable transaction) {
      dated = new Dated(transaction, BEGUN_MS);
    }

    @Override
    public Dated getCommittable() {
      return dated;
    }

    @Override
    public int getNumberOfRetries() {
      return 0;
    }

    @Override
    public void signalFailedWithKnownReason(Throwable why) {
      known = why;
    }

    @Override
    public void signalFailedWithUnknownReason(Throwable why) {}

    @Override
    public void retryLater() {}

    @Override
    public void updateAndRetryLater(Dated changed) {}

    @Override
    public void signalAlreadyCommitted() {}
  }

  private static KafkaCommittable restored() {
    return new KafkaCommittable(7, (short) 1, "flink-1-rows-0-0", null);
  }

  private final List<String> aborted = new ArrayList<>();

  private void commit(Request request, RuntimeException why, long ageMs) throws Exception {
    new DatedCommitter(new Failing(why), TIMEOUT_MS, () -> BEGUN_MS + ageMs, aborted::add)
        .commit(List.of(request));
  }

  private void assertLost(Request request, RuntimeException why, long ageMs) {
    StopsForGood stop = assertThrows(StopsForGood.class, () -> commit(request, why, ageMs));
    assertEquals("TRANSACTION_LOST", EngineFailure.in(stop).code());
    assertTrue(stop.getMessage().contains("flink-1-rows-0-0"), stop.getMessage());
    assertEquals(List.of(), aborted);
  }

  @Test
  void aRestoredOneThatIsFencedWithinTheTimeoutWasCommittedBeforeAndIsOpenAnew() throws Exception {
    Request request = new Request(restored());

    commit(request, FENCED, TIMEOUT_MS - 1);

    assertEquals(FENCED, request.known);
    assertEquals(List.of("flink-1-rows-0-0"), aborted);
  }

  @Test
  void aRestoredOneThatIsFencedLaterMayHaveBeenGivenUpByTheBroker() {
    assertLost(new Request(restored()), FENCED, TIMEOUT_MS);
  }

  @Test
  void oneThatWasAbortedIsLostAtAnyAge() {
    assertLost(new Request(restored()), new InvalidTxnStateException("aborted"), 0);
  }

  @Test
  void oneOfThisRunThatIsFencedIsLost() {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", "127.0.0.1:9");
    properties.put("key.serializer", ByteArraySerializer.class.getName());
    properties.put("value.serializer", ByteArraySerializer.class.getName());
    try (var producer =
        new FlinkKafkaInternalProducer<byte[], byte[]>(properties, "flink-1-rows-0-0")) {
      assertLost(
          new Request(new KafkaCommittable(7, (short) 1, "flink-1-rows-0-0", producer)), FENCED, 0);
    }
  }

  @Test
  void aTransactionInACheckpointKeepsItsTime() throws Exception {
    var serializer = new Dated.Serializer(serializerOfKafkaSink());

    Dated back =
        serializer.deserialize(
            serializer.getVersion(), serializer.serialize(new Dated(restored(), BEGUN_MS)));

    assertEquals(new Dated(restored(), BEGUN_MS), back);
    // version 1, as it lies in checkpoints: connector's version, time, producer id, epoch, id
    assertArrayEquals(
        java.util.HexFormat.of()
            .parseHex(
                "00000001"
                    + "0000000000001388"
                    + "0001"
                    + "0000000000000007"
                    + "0010"
                    + "666c696e6b2d312d726f77732d302d30"),
        serializer.serialize(new Dated(restored(), BEGUN_MS)));
  }

  private static org.apache.flink.core.io.SimpleVersionedSerializer<KafkaCommittable>
      serializerOfKafkaSink() {
    return KafkaSink.<OutRecord>builder()
        .setBootstrapServers("127.0.0.1:9")
        .setRecordSerializer(new OutRecordSchema("flink-1"))
        .build()
        .getCommittableSerializer();
  }
}
