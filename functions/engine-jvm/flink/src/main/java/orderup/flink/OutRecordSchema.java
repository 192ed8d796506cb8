package orderup.flink;

import java.util.List;
import java.util.Optional;
import orderup.fold.Outputs;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Writes what the fold made to the partition that it names, and tells the sink the four topics: it
 * looks there for transactions that an earlier run left open.
 */
final class OutRecordSchema
    implements KafkaRecordSerializationSchema<OutRecord>, KafkaDatasetFacetProvider {
  private static final long serialVersionUID = 1L;

  private final String deployment;

  OutRecordSchema(String deployment) {
    this.deployment = deployment;
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      OutRecord record, KafkaSinkContext context, Long timestamp) {
    return new ProducerRecord<>(
        record.topic(), record.partition(), record.key(), record.value(), record.headers());
  }

  @Override
  public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
    Outputs outputs = new Outputs(deployment);
    List<String> topics =
        List.of(
            outputs.rowTopic(true),
            outputs.rowTopic(false),
            outputs.deadLetterTopic(true),
            outputs.deadLetterTopic(false));
    return Optional.of(
        new DefaultKafkaDatasetFacet(DefaultKafkaDatasetIdentifier.ofTopics(topics)));
  }
}
