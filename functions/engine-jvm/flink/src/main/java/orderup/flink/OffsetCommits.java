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
 * Commits one reader's offsets as each checkpoint is complete. KafkaSource can do so by itself, but
 * only between two polls of its consumer, and on a quiet topic a poll takes 10 s; what it was asked
 * to commit before it is closed is never committed. Flink itself needs no committed offset: it goes
 * by its checkpoints. A swap's gate does, and so does whoever asks how far the engine is.
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

  /** Commits what this checkpoint covers; does not wait for it. */
  synchronized void complete(long id) {
    var covered = inCheckpoints.headMap(id, true);
    if (covered.isEmpty()) return;
    Map<TopicPartition, OffsetAndMetadata> newest = covered.lastEntry().getValue();
    covered.clear();
    if (newest.isEmpty()) return;
    next = newest;
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

  /** Waits for what is under way. */
  @Override
  public synchronized void close() {
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
    admin.close(Duration.ZERO);
  }
}
