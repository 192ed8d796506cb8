package orderup.flink;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * A transaction to commit, and when it began at the earliest, in epoch milliseconds of the machine
 * that wrote it.
 */
record Dated(KafkaCommittable transaction, long begunMs) {

  /** In checkpoints and savepoints: version 1 is the connector's version, the time, the rest. */
  record Serializer(SimpleVersionedSerializer<KafkaCommittable> kafka)
      implements SimpleVersionedSerializer<Dated> {
    private static final int VERSION = 1;

    @Override
    public int getVersion() {
      return VERSION;
    }

    @Override
    public byte[] serialize(Dated dated) throws IOException {
      byte[] transaction = kafka.serialize(dated.transaction);
      return ByteBuffer.allocate(Integer.BYTES + Long.BYTES + transaction.length)
          .putInt(kafka.getVersion())
          .putLong(dated.begunMs)
          .put(transaction)
          .array();
    }

    @Override
    public Dated deserialize(int version, byte[] serialized) throws IOException {
      if (version != VERSION) throw new IOException("transactions of version " + version);
      ByteBuffer in = ByteBuffer.wrap(serialized);
      int kafkaVersion = in.getInt();
      long begunMs = in.getLong();
      byte[] transaction = new byte[in.remaining()];
      in.get(transaction);
      return new Dated(kafka.deserialize(kafkaVersion, transaction), begunMs);
    }
  }
}
