package orderup.fold;

import static orderup.fold.OrderState.NEVER;

import java.nio.charset.StandardCharsets;
import orderup.fold.OrderState.Fact;

/** Writes the curated row of an order: the order as it stands. Reusable; for one thread. */
public final class RowWriter {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private final AvroWriter w = new AvroWriter(512);
  private final byte[] uuid = new byte[36];
  private final long schemaId;

  /**
   * @param schemaId of the repo's own curated schema, as registered at deploy
   */
  public RowWriter(long schemaId) {
    this.schemaId = schemaId;
  }

  /** The row in Confluent's frame, in an array of its own. */
  public byte[] write(byte[] orderId, OrderState state) {
    // in the order of schemas/avro/orders.orders.curated-value.v1.json; AvroTest holds the two
    // together
    w.writeFrame(schemaId);
    w.writeText(orderId);
    w.writeLong(state.status() == null ? 0 : EventType.BY_RANK.get(state.status().rank()).status);
    writeOptional(state.customer());
    writeOptional(state.currency());
    writeAmounts(state);
    w.writeLong(state.paid());
    w.writeLong(state.refunded());
    for (EventType type : EventType.BY_RANK)
      if (type.setsStatus()) writeTime(state.latest()[type.rank()]);
    w.writeLong(state.firstTs());
    w.writeLong(state.lastTs());
    w.writeLong(state.version());
    w.writeText(lastEventId(state.ids()));
    w.writeLong(Schemas.CURATED_VERSION);
    return w.take();
  }

  /** item_count, items_amount, shipping_amount, total_amount. */
  private void writeAmounts(OrderState state) {
    Fact<ItemTotals> items = state.items();
    Fact<Long> shipping = state.shipping();
    w.writePresent(items != null);
    if (items != null) w.writeLong(items.value().count());
    w.writePresent(items != null);
    if (items != null) w.writeLong(items.value().amount());
    w.writePresent(shipping != null);
    if (shipping != null) w.writeLong(shipping.value());
    w.writePresent(items != null || shipping != null);
    if (items == null && shipping == null) return;
    w.writeLong(
        (items == null ? 0 : items.value().amount()) + (shipping == null ? 0 : shipping.value()));
  }

  private void writeOptional(Fact<byte[]> text) {
    w.writePresent(text != null);
    if (text != null) w.writeText(text.value());
  }

  private void writeTime(long ts) {
    w.writePresent(ts != NEVER);
    if (ts != NEVER) w.writeLong(ts);
  }

  /** As a lower-case UUID; valid until the next call. */
  private byte[] lastEventId(EventIds ids) {
    int last = ids.count() - 1;
    int at = hex(ids.highAt(last), 15, 8, 0);
    at = hex(ids.highAt(last), 7, 4, dash(at));
    at = hex(ids.highAt(last), 3, 4, dash(at));
    at = hex(ids.lowAt(last), 15, 4, dash(at));
    hex(ids.lowAt(last), 11, 12, dash(at));
    return uuid;
  }

  private int dash(int at) {
    uuid[at] = '-';
    return at + 1;
  }

  /** Writes {@code digits} hex digits of a long, from its digit {@code first} down, of 15 to 0. */
  private int hex(long bits, int first, int digits, int at) {
    for (int i = 0; i < digits; i++) uuid[at + i] = HEX[(int) (bits >>> 4 * (first - i)) & 0xf];
    return at + digits;
  }
}
