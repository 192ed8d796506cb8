package orderup.flink;

import java.io.IOException;
import orderup.fold.OrderState;
import orderup.fold.StateFormat;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * An order's state as {@link StateFormat} stores it, with its length before it. What may be read
 * again later is decided by {@link OrderStateSerializerSnapshot}.
 */
public final class OrderStateSerializer extends ValueSerializer<OrderState> {
  private static final long serialVersionUID = 1L;

  /** for one thread, so each duplicate makes its own */
  private transient StateFormat format;

  private StateFormat format() {
    if (format == null) format = new StateFormat();
    return format;
  }

  @Override
  public TypeSerializer<OrderState> duplicate() {
    return new OrderStateSerializer();
  }

  @Override
  public void serialize(OrderState state, DataOutputView target) throws IOException {
    Wire.writeBytes(format().encode(state), target);
  }

  @Override
  public OrderState deserialize(DataInputView source) throws IOException {
    return format().decode(Wire.readBytes(source));
  }

  @Override
  public void copy(DataInputView source, DataOutputView target) throws IOException {
    Wire.writeBytes(Wire.readBytes(source), target);
  }

  @Override
  public TypeSerializerSnapshot<OrderState> snapshotConfiguration() {
    return new OrderStateSerializerSnapshot();
  }
}
