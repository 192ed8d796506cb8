package orderup.flink;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Raw records between tasks; in no state. */
public final class RawRecordSerializer extends ValueSerializer<RawRecord> {
  private static final long serialVersionUID = 1L;

  @Override
  public void serialize(RawRecord record, DataOutputView target) throws IOException {
    target.writeInt(record.partition());
    target.writeLong(record.offset());
    Wire.writeBytes(record.key(), target);
    Wire.writeBytes(record.value(), target);
    Wire.writeHeaders(record.headers(), target);
  }

  @Override
  public RawRecord deserialize(DataInputView source) throws IOException {
    return new RawRecord(
        source.readInt(),
        source.readLong(),
        Wire.readBytes(source),
        Wire.readBytes(source),
        Wire.readHeaders(source));
  }

  @Override
  public TypeSerializerSnapshot<RawRecord> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Of no version: nothing is kept. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<RawRecord> {
    public Snapshot() {
      super(RawRecordSerializer::new);
    }
  }
}
