package orderup.kit;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import orderup.fold.Names;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many partitions raw has, and so all that an engine writes. */
public final class Partitions {
  private static final Logger LOG = LoggerFactory.getLogger(Partitions.class);
  private static final long RETRY_MS = 1_000;

  /**
   * Waits for Kafka and for the topics as long as it takes, saying so.
   *
   * @param kafka of {@link EngineConfig#kafka}
   * @throws EngineFailure {@code PARTITIONS} where curated has not as many as raw; {@code KAFKA}
   *     where Kafka refuses to say
   */
  public static int ofRaw(Map<String, Object> kafka) throws InterruptedException {
    List<String> topics = List.of(Names.RAW_TOPIC, Names.CURATED_TOPIC);
    try (Admin admin = Admin.create(kafka)) {
      for (; ; ) {
        try {
          Map<String, TopicDescription> found = admin.describeTopics(topics).allTopicNames().get();
          return same(found.get(Names.RAW_TOPIC), found.get(Names.CURATED_TOPIC));
        } catch (ExecutionException error) {
          Throwable why = error.getCause();
          // a topic that is not there yet counts as retriable too
          if (!(why instanceof RetriableException))
            throw new EngineFailure("KAFKA", "Kafka does not show its topics", null, why);
          LOG.warn("waiting for Kafka: {}", why.toString());
          Thread.sleep(RETRY_MS);
        }
      }
    }
  }

  private static int same(TopicDescription raw, TopicDescription curated) {
    int partitions = raw.partitions().size();
    int others = curated.partitions().size();
    if (others == partitions) return partitions;
    throw new EngineFailure(
        "PARTITIONS",
        curated.name()
            + " has "
            + others
            + " partitions and "
            + raw.name()
            + " "
            + partitions
            + ": they must be the same",
        null);
  }

  private Partitions() {}
}
