package orderup.flink;

import java.io.IOException;
import orderup.fold.Names;
import orderup.fold.OrderState;
import orderup.fold.StateFormat;
import orderup.kit.EngineFailure;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * What wrote the states of a checkpoint or savepoint: the version of the contract and of {@link
 * StateFormat}. Any older format is read as it is, since each stored state names its own; a newer
 * one, and any of another contract, is refused. This class's name stands in every checkpoint: never
 * rename it.
 */
public final class OrderStateSerializerSnapshot implements TypeSerializerSnapshot<OrderState> {
  /** of what {@link #writeSnapshot} writes */
  private static final int VERSION = 1;

  private int contract;
  private int format;

  /** Of this code; and for Flink, which reads one by {@link #readSnapshot}. */
  public OrderStateSerializerSnapshot() {
    this(Names.CONTRACT_VERSION, StateFormat.FORMAT);
  }

  OrderStateSerializerSnapshot(int contract, int format) {
    this.contract = contract;
    this.format = format;
  }

  @Override
  public int getCurrentVersion() {
    return VERSION;
  }

  @Override
  public void writeSnapshot(DataOutputView out) throws IOException {
    out.writeInt(contract);
    out.writeInt(format);
  }

  @Override
  public void readSnapshot(int version, DataInputView in, ClassLoader loader) throws IOException {
    if (version > VERSION) throw unreadable("is described in version " + version);
    contract = in.readInt();
    format = in.readInt();
  }

  private boolean readable() {
    return contract == Names.CONTRACT_VERSION && format <= StateFormat.FORMAT;
  }

  /**
   * @throws StopsForGood {@code STATE_VERSION} where this code cannot read what was written
   */
  @Override
  public TypeSerializer<OrderState> restoreSerializer() {
    if (!readable()) throw unreadable("has contract version " + contract + ", format " + format);
    return new OrderStateSerializer();
  }

  @Override
  public TypeSerializerSchemaCompatibility<OrderState> resolveSchemaCompatibility(
      TypeSerializerSnapshot<OrderState> old) {
    return old instanceof OrderStateSerializerSnapshot written && written.readable()
        ? TypeSerializerSchemaCompatibility.compatibleAsIs()
        : TypeSerializerSchemaCompatibility.incompatible();
  }

  private static StopsForGood unreadable(String what) {
    return new StopsForGood(
        new EngineFailure(
            "STATE_VERSION",
            "The stored state %s; this code reads contract version %d, format up to %d"
                .formatted(what, Names.CONTRACT_VERSION, StateFormat.FORMAT),
            "run the version that wrote it, or start this one as a new deployment, through"
                + " shadow"));
  }
}
