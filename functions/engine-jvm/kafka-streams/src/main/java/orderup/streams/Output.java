package orderup.streams;

import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TopicNameExtractor;

/**
 * A record on its way out, with where it goes: Kafka Streams' partitioner sees neither the
 * partition that a record came from nor its topic's name by record.
 *
 * @param partition as a {@link StreamPartitioner} answers it; one object for a whole task
 * @param value null where a dead letter has none
 */
record Output(String topic, Optional<Set<Integer>> partition, byte[] value) {
  static final TopicNameExtractor<byte[], Output> TOPIC = (key, output, context) -> output.topic;
  static final StreamPartitioner<byte[], Output> PARTITION =
      (topic, key, output, partitions) -> output.partition;
  static final Serializer<Output> VALUE = (topic, output) -> output.value;

  static Optional<Set<Integer>> to(int partition) {
    return Optional.of(Set.of(partition));
  }
}
