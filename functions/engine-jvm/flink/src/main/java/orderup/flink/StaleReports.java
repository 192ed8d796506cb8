package orderup.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import orderup.fold.Names;
import orderup.fold.Shares;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A job of two subtasks that goes on with one leaves a report behind that nobody renews, and
 * whoever waits for every instance to act on an epoch would wait for ever.
 */
final class StaleReports {
  private static final TopicPartition REPORTS = new TopicPartition(Names.REPORTS_TOPIC, 0);

  /**
   * Writes a tombstone for the report of each subtask that there is not.
   *
   * @param kafka as of EngineConfig
   */
  static void withdraw(Map<String, Object> kafka, String deployment, int parallelism)
      throws InterruptedException {
    List<byte[]> stale = new ArrayList<>();
    for (String instance : instances(kafka, deployment))
      if (instance.matches("[0-9]{1,9}") && Integer.parseInt(instance) >= parallelism)
        stale.add(Shares.reportKey(deployment, instance).getBytes(UTF_8));
    if (stale.isEmpty()) return;
    try (var producer =
        new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (byte[] key : stale)
        producer.send(new ProducerRecord<>(REPORTS.topic(), REPORTS.partition(), key, null)).get();
    } catch (ExecutionException error) {
      throw new IllegalStateException("cannot withdraw a report", error.getCause());
    }
  }

  /** Those that have a report. */
  private static Iterable<String> instances(Map<String, Object> kafka, String deployment) {
    Map<String, Object> reading = new HashMap<>(kafka);
    reading.put("enable.auto.commit", false);
    reading.put("isolation.level", "read_committed");
    reading.put("auto.offset.reset", "earliest");
    String prefix = Shares.reportKey(deployment, "");
    Map<String, Boolean> reported = new HashMap<>();
    try (var consumer =
        new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(REPORTS));
      consumer.seekToBeginning(List.of(REPORTS));
      long end = consumer.endOffsets(List.of(REPORTS)).get(REPORTS);
      while (consumer.position(REPORTS) < end)
        for (ConsumerRecord<byte[], byte[]> record :
            consumer.poll(java.time.Duration.ofMillis(500))) {
          String key = record.key() == null ? "" : new String(record.key(), UTF_8);
          if (key.startsWith(prefix))
            reported.put(key.substring(prefix.length()), record.value() != null);
        }
    }
    reported.values().removeIf(present -> !present);
    return reported.keySet();
  }

  private StaleReports() {}
}
