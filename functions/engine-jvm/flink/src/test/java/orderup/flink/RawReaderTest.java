package orderup.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import orderup.kit.EngineFailure;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** When the source stops for good, and what is committed before it does. */
class RawReaderTest {

  /** KafkaSource's reader, which fails at every poll. */
  private record Failing(Exception why) implements SourceReader<RawRecord, KafkaPartitionSplit> {
    @Override
    public void start() {}

    @Override
    public InputStatus pollNext(ReaderOutput<RawRecord> output) throws Exception {
      throw why;
    }

    @Override
    public List<KafkaPartitionSplit> snapshotState(long checkpointId) {
      return List.of();
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void addSplits(List<KafkaPartitionSplit> splits) {}

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public void close() {}
  }

  private static RawReader reader(Exception why) {
    return new RawReader(
        new Failing(why),
        new OffsetCommits(Map.of("bootstrap.servers", "127.0.0.1:9"), "test", "test"));
  }

  @Test
  void beforeANewerSchemaItWaitsUntilAllBeforeIsCommitted() throws Exception {
    StopsForGood newer = new StopsForGood(new EngineFailure("NEWER_SCHEMA", "", null));
    try (RawReader reader = reader(new IOException(newer))) {
      reader.snapshotState(1); // before it was met

      assertEquals(InputStatus.NOTHING_AVAILABLE, reader.pollNext(null));
      assertFalse(reader.isAvailable().isDone());
      reader.notifyCheckpointComplete(1);
      reader.snapshotState(2);
      reader.notifyCheckpointComplete(2); // the sink commits 2 at the same time
      reader.snapshotState(3);
      assertSame(newer, assertThrows(StopsForGood.class, () -> reader.notifyCheckpointComplete(3)));
    }
  }

  @Test
  void anOffsetThatRawDoesNotHoldStopsForGood() throws Exception {
    var outOfRange = new OffsetOutOfRangeException(Map.of(new TopicPartition("raw", 3), 12L));
    try (RawReader reader = reader(new RuntimeException("fetcher", outOfRange))) {
      StopsForGood stop = assertThrows(StopsForGood.class, () -> reader.pollNext(null));

      assertEquals("OFFSET_OUT_OF_RANGE", EngineFailure.in(stop).code());
      assertEquals(
          "orders.events.raw partition 3 does not hold offset 12",
          EngineFailure.in(stop).getMessage());
    }
  }

  @Test
  void whateverElseFailsIsFlinksToRestart() throws Exception {
    IOException failure = new IOException("broker");
    try (RawReader reader = reader(failure)) {
      assertSame(failure, assertThrows(IOException.class, () -> reader.pollNext(null)));
    }
  }
}
