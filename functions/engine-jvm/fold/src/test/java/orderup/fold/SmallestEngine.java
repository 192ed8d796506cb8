package orderup.fold;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import orderup.fold.Decoded.NewerSchema;
import orderup.fold.Decoded.OrderEvent;
import orderup.fold.Decoded.Rejected;

/** An engine without Kafka: what it answers to one record, with its states by order. */
final class SmallestEngine {
  static final long CURATED_ID = 0x11121314L;

  sealed interface Answer {}

  record Row(byte[] value) implements Answer {}

  record Duplicate() implements Answer {}

  record DeadLetter(Reason reason, String detail) implements Answer {}

  record Stopped(long id, int version) implements Answer {}

  private final Map<ByteBuffer, byte[]> states = new HashMap<>();
  private final StateFormat format = new StateFormat();
  private final RowWriter rows = new RowWriter(CURATED_ID);
  private final RawDecoder decoder;
  private final SchemaIds ids;

  SmallestEngine(int partitions, SchemaIds ids) {
    decoder = new RawDecoder(partitions);
    this.ids = ids;
  }

  Answer answer(byte[] key, byte[] value, int partition) {
    Decoded decoded = decoder.decode(key, value, partition, ids);
    if (decoded instanceof Rejected rejected)
      return new DeadLetter(rejected.reason(), rejected.detail());
    if (decoded instanceof NewerSchema newer) return new Stopped(newer.id(), newer.version());
    OrderEvent event = (OrderEvent) decoded;
    ByteBuffer order = ByteBuffer.wrap(event.orderId());
    byte[] stored = states.get(order);
    OrderState before = stored == null ? null : format.decode(stored);
    OrderState after = Fold.apply(before, event);
    if (after == before) return new Duplicate();
    states.put(order, format.encode(after));
    return new Row(rows.write(event.orderId(), after));
  }
}
