package orderup.flink;

import orderup.fold.Decoded.NewerSchema;
import orderup.fold.RawDecoder;
import orderup.kit.EngineFailure;
import orderup.kit.RawIds;
import orderup.kit.SchemaRegistry;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Takes records as they are: the fold decodes them, so that one which can't be decoded keeps its
 * place among those of its key. Only what is of a schema newer than this code is seen here, where
 * the source can stop before it ({@link RawSource}).
 */
final class RawRecordSchema implements KafkaRecordDeserializationSchema<RawRecord> {
  private static final long serialVersionUID = 1L;
  static final DeclaredType<RawRecord> TYPE =
      new DeclaredType<>(RawRecord.class, new RawRecordSerializer());

  private final Settings settings;
  private transient RawIds ids;

  RawRecordSchema(Settings settings) {
    this.settings = settings;
  }

  /** Waits for the registry. */
  @Override
  public void open(InitializationContext context) throws Exception {
    Progress.INSTANCE.waitsFor("the schema registry");
    ids = new RawIds(new SchemaRegistry(settings.engine().registry()));
  }

  /**
   * @throws StopsForGood {@code NEWER_SCHEMA}
   */
  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<RawRecord> out) {
    NewerSchema newer = newer(record.value());
    if (newer != null)
      throw new StopsForGood(EngineFailure.newerSchema(newer, record.partition(), record.offset()));
    out.collect(
        new RawRecord(
            record.partition(),
            record.offset(),
            record.key(),
            record.value(),
            record.headers().toArray()));
  }

  private NewerSchema newer(byte[] value) {
    try {
      return RawDecoder.newerSchema(value, ids.idsFor(value));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("stopped while asking the schema registry", stopped);
    }
  }

  @Override
  public TypeInformation<RawRecord> getProducedType() {
    return TYPE;
  }
}
