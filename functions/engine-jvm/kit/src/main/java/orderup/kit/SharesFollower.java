package orderup.kit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import orderup.fold.Names;
import orderup.fold.Partitioner;
import orderup.fold.Shares;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest epoch, as an engine acts on it: reads the shares topic to its end, waits for a first
 * epoch if there is none, then follows it; reports every epoch that it acts on, after it has taken
 * it up. {@link #owns} is for many threads.
 */
public final class SharesFollower implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SharesFollower.class);
  private static final TopicPartition SHARES = new TopicPartition(Names.SHARES_TOPIC, 0);
  private static final byte[] KEY = Shares.KEY.getBytes(UTF_8);
  private static final Duration POLL = Duration.ofMillis(500);
  private static final long RETRY_MS = 1_000;

  /** What a follower tells. */
  public interface Events {
    /** This epoch is acted on; told before it is reported. */
    default void onEpoch(int epoch) {}

    /** What {@link #check} then throws. Told once, by the follower's thread. */
    default void onFailure(EngineFailure failure) {}
  }

  private record Owned(int epoch, boolean[] buckets) {}

  private final String deployment;
  private final String instance;
  private final Events events;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], byte[]> reporter;
  private final Thread thread = new Thread(this::follow, "shares");
  private Shares newest;
  private int reported;
  private volatile Owned owned;
  private volatile EngineFailure failure;
  private volatile boolean closed;

  /**
   * Returns once the topic was read to its end and the newest epoch is acted on and reported; until
   * then it waits for Kafka and for a first epoch, saying so. From then on a thread follows.
   *
   * @param kafka of {@link EngineConfig#kafka}
   * @throws EngineFailure {@code SHARES} where a record is no epoch
   */
  public static SharesFollower start(
      Map<String, Object> kafka, String deployment, String instance, Events events)
      throws InterruptedException {
    SharesFollower follower = new SharesFollower(kafka, deployment, instance, events);
    try {
      follower.readToEnd(kafka);
      follower.thread.setDaemon(true);
      follower.thread.start();
      return follower;
    } catch (InterruptException error) {
      follower.closeClients();
      Thread.interrupted();
      throw new InterruptedException("stopped while reading the shares");
    } catch (InterruptedException | RuntimeException error) {
      follower.closeClients();
      throw error;
    }
  }

  private SharesFollower(
      Map<String, Object> kafka, String deployment, String instance, Events events) {
    this.deployment = deployment;
    this.instance = instance;
    this.events = events;
    String clientId = deployment + "/" + instance + "-shares";
    Map<String, Object> reading = new HashMap<>(kafka);
    reading.put("client.id", clientId);
    reading.put("isolation.level", "read_committed");
    reading.put("enable.auto.commit", false);
    reading.put("auto.offset.reset", "earliest");
    consumer =
        new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    consumer.assign(List.of(SHARES));
    consumer.seekToBeginning(List.of(SHARES));
    Map<String, Object> reporting = new HashMap<>(kafka);
    reporting.put("client.id", clientId);
    reporting.put("delivery.timeout.ms", 30_000);
    reporting.put("request.timeout.ms", 10_000);
    reporter = new KafkaProducer<>(reporting, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * Throws where the topic can no longer be followed: going on with the epoch at hand would be a
   * guess.
   *
   * @throws EngineFailure {@code SHARES}
   */
  public void check() {
    EngineFailure failed = failure;
    if (failed != null) throw failed;
  }

  /** Whether the deployment writes this key's bucket to curated; throws as {@link #check}. */
  public boolean owns(byte[] key) {
    check();
    return owned.buckets[Partitioner.bucketOf(key)];
  }

  /** The epoch that is acted on. */
  public int epoch() {
    return owned.epoch;
  }

  @Override
  public void close() {
    closed = true;
    consumer.wakeup();
    try {
      thread.join(5_000);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
  }

  private void readToEnd(Map<String, Object> kafka) throws InterruptedException {
    long end = end(kafka);
    // a position passes transaction markers, which no poll shows
    while (position() < end) poll();
    if (newest == null)
      LOG.warn("{} is empty: waiting for the first epoch (a deploy writes it)", SHARES.topic());
    while (newest == null) poll();
    takeUp();
  }

  /**
   * The high watermark: an epoch whose transaction was committed counts, though its marker may not
   * be written yet.
   */
  private long end(Map<String, Object> kafka) throws InterruptedException {
    try (Admin admin = Admin.create(kafka)) {
      for (; ; ) {
        try {
          return admin
              .listOffsets(
                  Map.of(SHARES, OffsetSpec.latest()),
                  new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
              .partitionResult(SHARES)
              .get()
              .offset();
        } catch (ExecutionException error) {
          if (!(error.getCause() instanceof RetriableException)) throw unreadable(error.getCause());
          waitForKafka(error.getCause());
        }
      }
    }
  }

  private long position() throws InterruptedException {
    for (; ; ) {
      try {
        return consumer.position(SHARES);
      } catch (RetriableException error) {
        waitForKafka(error);
      }
    }
  }

  private static void waitForKafka(Throwable why) throws InterruptedException {
    LOG.warn("waiting for Kafka: {}", why.toString());
    Thread.sleep(RETRY_MS);
  }

  private void poll() {
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
      if (record.value() == null || !Arrays.equals(record.key(), KEY)) continue;
      try {
        newest = Shares.parse(record.value());
      } catch (IllegalArgumentException error) {
        throw new EngineFailure(
            "SHARES",
            SHARES.topic() + " offset " + record.offset() + " is not an epoch",
            "see who wrote it: `npm run order-up -- status`; then write the epoch anew",
            error);
      }
    }
  }

  /** What is acted on is reported, never the other way round. */
  private void takeUp() throws InterruptedException {
    if (newest.epoch() == reported) return;
    boolean[] buckets = newest.ownedBy(deployment);
    owned = new Owned(newest.epoch(), buckets);
    events.onEpoch(newest.epoch());
    report();
    reported = newest.epoch();
    int count = 0;
    for (boolean own : buckets) if (own) count++;
    LOG.info("epoch {}: {} of {} buckets are owned", reported, count, buckets.length);
  }

  private void report() throws InterruptedException {
    byte[] key = Shares.reportKey(deployment, instance).getBytes(UTF_8);
    byte[] value = newest.report(deployment, instance);
    while (!closed) {
      try {
        reporter.send(new ProducerRecord<>(Names.REPORTS_TOPIC, 0, key, value)).get();
        return;
      } catch (ExecutionException error) {
        if (!(error.getCause() instanceof RetriableException))
          throw new EngineFailure(
              "SHARES", Names.REPORTS_TOPIC + " cannot be written", null, error.getCause());
        waitForKafka(error.getCause());
      }
    }
  }

  private void follow() {
    try {
      while (!closed) {
        poll();
        takeUp();
      }
    } catch (WakeupException | InterruptException | InterruptedException error) {
      if (!closed) fail(unreadable(error));
    } catch (EngineFailure error) {
      fail(error);
    } catch (KafkaException error) {
      fail(unreadable(error));
    } finally {
      closeClients();
    }
  }

  private void fail(EngineFailure error) {
    failure = error;
    events.onFailure(error);
  }

  private static EngineFailure unreadable(Throwable cause) {
    return new EngineFailure("SHARES", SHARES.topic() + " can no longer be followed", null, cause);
  }

  private void closeClients() {
    consumer.close(CloseOptions.timeout(Duration.ZERO));
    reporter.close(Duration.ZERO);
  }
}
