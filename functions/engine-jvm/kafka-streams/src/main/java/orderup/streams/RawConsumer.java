package orderup.streams;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import orderup.kit.EngineFailure;
import orderup.kit.RawIds;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The consumer of raw, with {@code auto.offset.reset=none}. A partition without a committed offset
 * is read from 0; an offset that raw does not hold is a failure, never a guess. It asks the
 * registry about ids that it does not know, after it has read them, and stops before a schema that
 * is too new, once everything before that is committed.
 */
final class RawConsumer extends KafkaConsumer<byte[], byte[]> {
  /** How long what was handed over before a newer schema may take to be committed. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** How often the end of raw is looked at, for the lag in time. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final RawIds rawIds;

  /** partition → the last offset that was handed over */
  private final Map<TopicPartition, Long> handedOver = new HashMap<>();

  private long stoppingSince;
  private long lookedAt;

  RawConsumer(Map<String, Object> config, RawIds rawIds) {
    super(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    this.rawIds = rawIds;
  }

  @Override
  public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    ConsumerRecords<byte[], byte[]> polled;
    try {
      polled = super.poll(timeout);
    } catch (NoOffsetForPartitionException error) {
      error.partitions().forEach(partition -> seek(partition, 0));
      return ConsumerRecords.empty();
    } catch (OffsetOutOfRangeException error) {
      throw outOfRange(error);
    }
    look();
    if (polled.isEmpty()) return polled;
    askForUnknown(polled);
    NewerSchemaStop met = NewerSchemaStop.in(polled, rawIds.current());
    met.stops().forEach((partition, stop) -> seek(partition, stop.offset()));
    met.stops().forEach(this::stopOnceCommitted);
    for (TopicPartition partition : met.records().partitions()) {
      List<ConsumerRecord<byte[], byte[]>> records = met.records().records(partition);
      handedOver.put(partition, records.get(records.size() - 1).offset());
    }
    return met.records();
  }

  /** By what the last fetches have said, without asking the broker. */
  private void look() {
    long now = System.nanoTime();
    if (now - lookedAt < LOOK.toNanos()) return;
    lookedAt = now;
    for (TopicPartition partition : assignment()) {
      OptionalLong lag = currentLag(partition);
      if (lag.isPresent())
        OpenTransaction.ofThisThread().looked(partition.partition(), lag.getAsLong() == 0);
    }
  }

  private void askForUnknown(ConsumerRecords<byte[], byte[]> polled) {
    for (ConsumerRecord<byte[], byte[]> record : polled) {
      if (rawIds.knows(record.value())) continue;
      try {
        rawIds.refresh();
        return;
      } catch (InterruptedException error) {
        throw new InterruptException(error);
      }
    }
  }

  /** Its partition is polled again, and brings the same record, until what came before is done. */
  private void stopOnceCommitted(TopicPartition partition, NewerSchemaStop.Stop stop) {
    long now = System.nanoTime();
    if (stoppingSince == 0) stoppingSince = now;
    Long last = handedOver.get(partition);
    boolean done =
        last == null || OpenTransaction.ofThisThread().isCommitted(partition.partition(), last);
    if (done || now - stoppingSince > PATIENCE.toNanos())
      throw EngineFailure.newerSchema(stop.schema(), partition.partition(), stop.offset());
  }

  private RuntimeException outOfRange(OffsetOutOfRangeException error) {
    TopicPartition partition = error.partitions().iterator().next();
    List<TopicPartition> one = List.of(partition);
    long low = beginningOffsets(one).get(partition);
    long high = endOffsets(one).get(partition);
    long offset = error.offsetOutOfRangePartitions().get(partition);
    return Failures.outOfRange(partition, offset, low, high);
  }
}
