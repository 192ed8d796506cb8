package orderup.streams;

import java.util.Map;
import orderup.kit.RawIds;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.processor.internals.DefaultKafkaClientSupplier;

/** Kafka's own clients, but for the one that reads raw and the one that commits. */
final class Clients extends DefaultKafkaClientSupplier {
  private final RawIds rawIds;

  Clients(RawIds rawIds) {
    this.rawIds = rawIds;
  }

  @Override
  public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
    return new RawConsumer(config, rawIds);
  }

  @Override
  public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
    return new CountingProducer(config);
  }

  /** Tells the counts what became of them. */
  private static final class CountingProducer extends KafkaProducer<byte[], byte[]> {
    CountingProducer(Map<String, Object> config) {
      super(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public void commitTransaction() {
      super.commitTransaction();
      OpenTransaction.ofThisThread().committed();
    }

    @Override
    public void abortTransaction() {
      OpenTransaction.ofThisThread().aborted();
      super.abortTransaction();
    }

    /** Whatever was open before is aborted by the broker, or its outcome is not known. */
    @Override
    public void initTransactions() {
      OpenTransaction.ofThisThread().aborted();
      super.initTransactions();
    }
  }
}
