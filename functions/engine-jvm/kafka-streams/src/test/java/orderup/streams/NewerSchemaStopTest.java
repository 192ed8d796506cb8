package orderup.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import orderup.fold.Decoded.NewerSchema;
import orderup.fold.Vectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class NewerSchemaStopTest {
  private static final TopicPartition P0 = new TopicPartition("raw", 0);
  private static final TopicPartition P1 = new TopicPartition("raw", 1);
  private static final byte[] KNOWN = Vectors.framed(Vectors.KNOWN, new byte[3]);
  private static final byte[] NEWER = Vectors.framed(Vectors.NEWER, new byte[3]);

  /** Offsets are those of the values, from 10; the position is one past them, and a marker. */
  private static ConsumerRecords<byte[], byte[]> polled(Map<TopicPartition, List<byte[]>> values) {
    Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
    Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
    values.forEach(
        (partition, list) -> {
          next.put(partition, new OffsetAndMetadata(10 + list.size() + 1));
          records.put(
              partition,
              IntStream.range(0, list.size())
                  .mapToObj(
                      i ->
                          new ConsumerRecord<>(
                              partition.topic(),
                              partition.partition(),
                              10L + i,
                              new byte[1],
                              list.get(i)))
                  .toList());
        });
    return new ConsumerRecords<>(records, next);
  }

  private static List<Long> offsets(NewerSchemaStop stop, TopicPartition partition) {
    return stop.records().records(partition).stream().map(ConsumerRecord::offset).toList();
  }

  @Test
  void allIsHandedOverWhereNothingIsNewer() {
    var polled = polled(Map.of(P0, List.of(KNOWN, KNOWN), P1, List.of(new byte[0])));

    NewerSchemaStop stop = NewerSchemaStop.in(polled, Vectors.IDS);

    assertSame(polled, stop.records());
    assertEquals(Map.of(), stop.stops());
  }

  @Test
  void aPartitionEndsBeforeItsFirstNewerRecordAndTheOthersGoOn() {
    var polled =
        polled(
            Map.of(
                P0, List.of(KNOWN, KNOWN, NEWER, KNOWN, NEWER), P1, List.of(KNOWN, KNOWN, KNOWN)));

    NewerSchemaStop stop = NewerSchemaStop.in(polled, Vectors.IDS);

    assertEquals(
        Map.of(P0, new NewerSchemaStop.Stop(12, new NewerSchema(Vectors.NEWER, 2))), stop.stops());
    assertEquals(List.of(10L, 11L), offsets(stop, P0));
    assertEquals(List.of(10L, 11L, 12L), offsets(stop, P1));
    assertEquals(12, stop.records().nextOffsets().get(P0).offset());
    assertEquals(14, stop.records().nextOffsets().get(P1).offset());
  }

  @Test
  void nothingOfAPartitionIsLeftWhereItsFirstRecordIsNewer() {
    NewerSchemaStop stop =
        NewerSchemaStop.in(polled(Map.of(P0, List.of(NEWER, KNOWN))), Vectors.IDS);

    assertEquals(List.of(), List.copyOf(stop.records().partitions()));
    assertEquals(10, stop.records().nextOffsets().get(P0).offset());
  }
}
