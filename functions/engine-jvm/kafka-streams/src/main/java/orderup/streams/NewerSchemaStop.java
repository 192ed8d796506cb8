package orderup.streams;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import orderup.fold.Decoded.NewerSchema;
import orderup.fold.RawDecoder;
import orderup.fold.SchemaIds;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * What of a poll may be handed to the tasks: of each partition the records before the first one of
 * a schema newer than this code. Were that one handed over, its task could only fail, and what came
 * before it in the same transaction would be aborted with it, after every restart again. Pure.
 *
 * @param records those to hand over
 * @param stops where each partition that meets a newer schema must stop
 */
record NewerSchemaStop(ConsumerRecords<byte[], byte[]> records, Map<TopicPartition, Stop> stops) {

  /**
   * @param offset of the record that is too new
   */
  record Stop(long offset, NewerSchema schema) {}

  static NewerSchemaStop in(ConsumerRecords<byte[], byte[]> polled, SchemaIds ids) {
    Map<TopicPartition, Stop> stops = new HashMap<>();
    for (TopicPartition partition : polled.partitions())
      for (ConsumerRecord<byte[], byte[]> record : polled.records(partition)) {
        NewerSchema newer = RawDecoder.newerSchema(record.value(), ids);
        if (newer == null) continue;
        stops.put(partition, new Stop(record.offset(), newer));
        break;
      }
    return new NewerSchemaStop(stops.isEmpty() ? polled : before(polled, stops), stops);
  }

  private static ConsumerRecords<byte[], byte[]> before(
      ConsumerRecords<byte[], byte[]> polled, Map<TopicPartition, Stop> stops) {
    Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> kept = new HashMap<>();
    Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>(polled.nextOffsets());
    for (TopicPartition partition : polled.partitions()) {
      Stop stop = stops.get(partition);
      List<ConsumerRecord<byte[], byte[]>> records = polled.records(partition);
      if (stop != null) {
        records = records.stream().filter(record -> record.offset() < stop.offset).toList();
        next.put(partition, new OffsetAndMetadata(stop.offset));
      }
      if (!records.isEmpty()) kept.put(partition, records);
    }
    return new ConsumerRecords<>(kept, next);
  }
}
