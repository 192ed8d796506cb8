package orderup.fold;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import orderup.fold.Decoded.OrderEvent;

/**
 * The fold again, from the contract's sentences and with nothing of the fold's code: all events at
 * once, sorted, and each fact read off the end. Slow and plain, so that it can be believed.
 */
final class ModelRow {
  private final List<OrderEvent> applied;
  private final List<OrderEvent> sorted;

  private ModelRow(List<OrderEvent> log) {
    Set<UUID> seen = new HashSet<>();
    applied = log.stream().filter(event -> seen.add(SmallEvents.id(event))).toList();
    sorted =
        applied.stream()
            .sorted(
                Comparator.comparingLong(OrderEvent::ts)
                    .thenComparing(OrderEvent::type)
                    .thenComparing(event -> SmallEvents.id(event).toString()))
            .toList();
  }

  /**
   * @param log the order's events as they lie in raw, at least one
   */
  static ObjectNode of(List<OrderEvent> log) {
    return new ModelRow(log).row();
  }

  private ObjectNode row() {
    ItemTotals items = last(OrderEvent::items);
    Long itemsAmount = items == null ? null : items.amount();
    Long shipping = last(OrderEvent::shippingAmount);
    Long total =
        itemsAmount == null && shipping == null ? null : zero(itemsAmount) + zero(shipping);
    ObjectNode row = JsonNodeFactory.instance.objectNode();
    row.put("order_id", text(SmallEvents.ORDER));
    row.put("status", Objects.requireNonNullElse(last(ModelRow::status), "UNKNOWN"));
    row.put("customer_id", text(last(OrderEvent::customerId)));
    row.put("currency", text(last(OrderEvent::currency)));
    row.put("item_count", items == null ? null : Long.valueOf(items.count()));
    row.put("items_amount", itemsAmount);
    row.put("shipping_amount", shipping);
    row.put("total_amount", total);
    row.put("paid_amount", sum(EventType.ORDER_PAID));
    row.put("refunded_amount", sum(EventType.ORDER_REFUNDED));
    row.put("created_at", lastOf(EventType.ORDER_CREATED));
    row.put("paid_at", lastOf(EventType.ORDER_PAID));
    row.put("shipped_at", lastOf(EventType.ORDER_SHIPPED));
    row.put("delivered_at", lastOf(EventType.ORDER_DELIVERED));
    row.put("cancelled_at", lastOf(EventType.ORDER_CANCELLED));
    row.put("refunded_at", lastOf(EventType.ORDER_REFUNDED));
    row.put("first_event_ts", sorted.get(0).ts());
    row.put("last_event_ts", sorted.get(sorted.size() - 1).ts());
    row.put("version", (long) applied.size());
    row.put("last_event_id", SmallEvents.id(applied.get(applied.size() - 1)).toString());
    row.put("schema_version", 1L);
    return row;
  }

  private <T> T last(Function<OrderEvent, T> read) {
    return sorted.stream()
        .map(read)
        .filter(Objects::nonNull)
        .reduce((before, after) -> after)
        .orElse(null);
  }

  private Long lastOf(EventType type) {
    return last(event -> event.type() == type ? event.ts() : null);
  }

  private static String status(OrderEvent event) {
    return event.type() == EventType.ORDER_UPDATED
        ? null
        : event.type().name().substring("ORDER_".length());
  }

  private long sum(EventType type) {
    BigInteger sum =
        applied.stream()
            .filter(event -> event.type() == type)
            .map(event -> BigInteger.valueOf(event.amount()))
            .reduce(BigInteger.ZERO, BigInteger::add);
    return sum.min(BigInteger.TWO.pow(53).subtract(BigInteger.ONE)).longValueExact();
  }

  private static long zero(Long amount) {
    return amount == null ? 0 : amount;
  }

  private static String text(byte[] utf8) {
    return utf8 == null ? null : new String(utf8, StandardCharsets.UTF_8);
  }
}
