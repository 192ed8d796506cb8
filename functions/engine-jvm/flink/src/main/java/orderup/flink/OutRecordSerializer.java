package orderup.flink;

import java.io.IOException;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.kafka.common.header.Header;

/** Rows and dead letters, where the fold and the sink are not chained; in no state. */
public final class OutRecordSerializer extends ValueSerializer<OutRecord> {
  private static final long serialVersionUID = 1L;

  @Override
  public void serialize(OutRecord record, DataOutputView target) throws IOException {
    target.writeUTF(record.topic());
    target.writeInt(record.partition());
    Wire.writeBytes(record.key(), target);
    Wire.writeBytes(record.value(), target);
    Wire.writeHeaders(
        StreamSupport.stream(record.headers().spliterator(), false).toArray(Header[]::new), target);
  }

  @Override
  public OutRecord deserialize(DataInputView source) throws IOException {
    return new OutRecord(
        source.readUTF(),
        source.readInt(),
        Wire.readBytes(source),
        Wire.readBytes(source),
        List.of(Wire.readHeaders(source)));
  }

  @Override
  public TypeSerializerSnapshot<OutRecord> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Of no version: nothing is kept. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<OutRecord> {
    public Snapshot() {
      super(OutRecordSerializer::new);
    }
  }
}
