package orderup.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import orderup.kit.EngineFailure;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer.PartitionOffsetsRetriever;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** What a job that has no state may do. */
class BeginningOfRawTest {
  private static final TopicPartition P0 = new TopicPartition("raw", 0);
  private static final TopicPartition P1 = new TopicPartition("raw", 1);

  private record Kafka(Map<TopicPartition, Long> committed, Map<TopicPartition, Long> beginning)
      implements PartitionOffsetsRetriever {
    @Override
    public Map<TopicPartition, Long> committedOffsets(Collection<TopicPartition> partitions) {
      return committed;
    }

    @Override
    public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
      return beginning;
    }

    @Override
    public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
        Map<TopicPartition, Long> times) {
      throw new UnsupportedOperationException();
    }
  }

  private static final Map<TopicPartition, Long> ZERO = Map.of(P0, 0L, P1, 0L);

  private static Map<TopicPartition, Long> start(Kafka kafka) {
    return new BeginningOfRaw("group").getPartitionOffsets(List.of(P0, P1), kafka);
  }

  @Test
  void theFirstStartIsAtTheBeginningByNumber() {
    assertEquals(ZERO, start(new Kafka(Map.of(), ZERO)));
  }

  @Test
  void aGroupThatHasCommittedNothingButTheBeginningHasLostNothing() {
    assertEquals(ZERO, start(new Kafka(ZERO, ZERO)));
  }

  @Test
  void aGroupThatWasFurtherHasLostItsState() {
    Kafka kafka = new Kafka(Map.of(P0, 0L, P1, 4L), ZERO);

    StopsForGood stop = assertThrows(StopsForGood.class, () -> start(kafka));

    assertEquals("STATE_LOST", EngineFailure.in(stop).code());
  }

  @Test
  void rawThatHasLostItsBeginningIsNotFolded() {
    StopsForGood stop =
        assertThrows(StopsForGood.class, () -> start(new Kafka(Map.of(), Map.of(P0, 0L, P1, 9L))));

    assertEquals("OFFSET_OUT_OF_RANGE", EngineFailure.in(stop).code());
    assertEquals(
        "orders.events.raw partition 1 does not hold the beginning",
        EngineFailure.in(stop).getMessage());
  }
}
