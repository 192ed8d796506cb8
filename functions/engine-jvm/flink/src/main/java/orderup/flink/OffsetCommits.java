package orderup.flink;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits one reader's offsets, for a swap's gate and for whoever asks how far the engine is; Flink
 * itself goes by its checkpoints. What is committed can be read in curated: those of a checkpoint
 * are committed once the next one is complete, as only then its transactions surely are. (An engine
 * that is killed in between for good would else be believed to have written rows that its open
 * transactions took along.)
 *
 * <p>KafkaSource can commit by itself, but too early, and only between two polls of its consumer,
 * which take 10 s on a quiet topic.
 */
final class OffsetCommits implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OffsetCommits.class);
  private static final Duration AT_THE_END = Duration.ofSeconds(5);

  private final Admin admin;
  private final String group;
  private final NavigableMap<Long, Map<TopicPartition, OffsetAndMetadata>> inCheckpoints =
      new TreeMap<>();

  /** what to commit when the commit under way has an answer; null = nothing */
  private Map<TopicPartition, OffsetAndMetadata> next;

  private boolean underWay;

  /** the newest complete checkpoint, whose offsets wait for the next one; 0 = none */
  private long complete;

  /**
   * @param kafka as of EngineConfig
   */
  OffsetCommits(Map<String, Object> kafka, String clientId, String group) {
    Map<String, Object> properties = new HashMap<>(kafka);
    properties.put("client.id", clientId);
    admin = Admin.create(properties);
    this.group = group;
  }

  void checkpoint(long id, List<KafkaPartitionSplit> splits) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (KafkaPartitionSplit split : splits)
      offsets.put(split.getTopicPartition(), new OffsetAndMetadata(split.getStartingOffset()));
    inCheckpoints.put(id, offsets);
  }

  /** Commits what the complete checkpoint before this one covers; does not wait for it. */
  void complete(long id) {
    commit(inCheckpoints.get(complete));
    inCheckpoints.headMap(id).clear();
    complete = id;
  }

  private synchronized void commit(Map<TopicPartition, OffsetAndMetadata> offsets) {
    if (offsets == null || offsets.isEmpty()) return;
    next = offsets;
    if (!underWay) commitNext();
  }

  private void commitNext() {
    KafkaFuture<Void> answer = admin.alterConsumerGroupOffsets(group, next).all();
    next = null;
    underWay = true;
    answer.whenComplete((nothing, error) -> answered(error));
  }

  // the next checkpoint's commit makes up for one that failed
  private synchronized void answered(Throwable error) {
    if (error != null) LOG.warn("offsets were not committed: {}", error.toString());
    underWay = false;
    if (next != null) commitNext();
    else notifyAll();
  }

  /** After a savepoint to stop with, which no other follows, its own are committed too. Waits. */
  @Override
  public void close() {
    if (!inCheckpoints.isEmpty() && inCheckpoints.lastKey() == complete)
      commit(inCheckpoints.get(complete));
    waitForAnswers();
    admin.close(Duration.ZERO);
  }

  private synchronized void waitForAnswers() {
    long deadline = System.nanoTime() + AT_THE_END.toNanos();
    try {
      while (underWay) {
        long millis = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
        if (millis <= 0) break;
        wait(millis);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
