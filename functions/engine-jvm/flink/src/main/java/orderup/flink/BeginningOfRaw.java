package orderup.flink;

import java.util.Collection;
import java.util.Map;
import orderup.kit.EngineFailure;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;

/**
 * Where a job without state begins: at the beginning of raw. By number, because the source commits
 * no offset for a partition that it only knows to start "at the earliest" until a record comes, and
 * whoever waits for committed offsets (a swap's gate) would wait for ever on an empty one. An
 * offset that raw does not hold is never replaced by another: the source fails.
 *
 * <p>Flink asks only where it has no checkpoint or savepoint to go on from. If the group has
 * committed offsets then, there was one, and it is lost: from the beginning every row would be
 * written again.
 */
final class BeginningOfRaw implements OffsetsInitializer {
  private static final long serialVersionUID = 1L;

  private final String group;

  BeginningOfRaw(String group) {
    this.group = group;
  }

  @Override
  public Map<TopicPartition, Long> getPartitionOffsets(
      Collection<TopicPartition> partitions, PartitionOffsetsRetriever kafka) {
    Map<TopicPartition, Long> beginning = kafka.beginningOffsets(partitions);
    kafka
        .committedOffsets(partitions)
        .forEach(
            (partition, committed) -> {
              if (committed != null && committed > beginning.get(partition))
                throw new StopsForGood(stateLost(partition, committed));
            });
    beginning.forEach(
        (partition, offset) -> {
          if (offset > 0)
            throw new StopsForGood(RawReader.outOfRange(partition.partition(), "the beginning"));
        });
    return beginning;
  }

  private EngineFailure stateLost(TopicPartition partition, long committed) {
    return new EngineFailure(
        "STATE_LOST",
        "group %s has committed offset %d of %s, but no checkpoint or savepoint was given to go on from"
            .formatted(group, committed, partition),
        "start from the newest checkpoint or savepoint (locally: give back STATE_DIR), "
            + "or begin as a deployment of a new generation, through shadow");
  }

  @Override
  @SuppressWarnings("deprecation") // the interface asks for it
  public OffsetResetStrategy getAutoOffsetResetStrategy() {
    return OffsetResetStrategy.NONE;
  }
}
