package orderup.fold;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import orderup.fold.Decoded.OrderEvent;

/**
 * Events of one order out of few ids, times and values, so that they collide and tie: every log
 * from its seed.
 */
final class SmallEvents {
  static final byte[] ORDER = bytes("o-1");

  private static final long T = Instant.parse("2026-01-01T00:00:00Z").toEpochMilli();
  private static final String[] HEX = {"0", "7", "8", "9", "a", "f"};
  // far above the contract's bound too, so that sums reach 2^53-1
  private static final long[] AMOUNTS = {0, 1, 700, Limits.MAX_AMOUNT, 1L << 52, Limits.MAX_LONG};

  private final Random random;

  SmallEvents(long seed) {
    random = new Random(seed);
  }

  /** Events as they may lie in raw: ids repeat, with other content as well. */
  List<OrderEvent> log() {
    List<OrderEvent> log = new ArrayList<>();
    int length = 1 + random.nextInt(30);
    while (log.size() < length) log.add(event());
    return log;
  }

  /** Events of which each id has one content. */
  List<OrderEvent> distinct() {
    Set<UUID> seen = new HashSet<>();
    return log().stream().filter(event -> seen.add(id(event))).toList();
  }

  static UUID id(OrderEvent event) {
    return new UUID(event.idHigh(), event.idLow());
  }

  OrderEvent event() {
    // such that ids differ in the sign bit of either half
    UUID id =
        UUID.fromString(
            "%s0000000-0000-4000-%s000-00000000000%s".formatted(pick(HEX), pick(HEX), pick(HEX)));
    EventType type = EventType.BY_RANK.get(random.nextInt(EventType.BY_RANK.size()));
    boolean created = type == EventType.ORDER_CREATED;
    boolean updated = type == EventType.ORDER_UPDATED;
    boolean hasAmount = type == EventType.ORDER_PAID || type == EventType.ORDER_REFUNDED;
    return new OrderEvent(
        ORDER,
        id.getMostSignificantBits(),
        id.getLeastSignificantBits(),
        type,
        T + random.nextInt(4),
        has(created, updated) ? bytes(pick("c-1", "c-2", "c-\u00fc")) : null,
        created ? bytes(pick("EUR", "USD")) : null,
        has(created, updated) ? new ItemTotals(random.nextInt(4), random.nextInt(9)) : null,
        has(created, updated) ? Long.valueOf(random.nextInt(3)) : null,
        hasAmount ? AMOUNTS[random.nextInt(AMOUNTS.length)] : 0);
  }

  /** What ORDER_CREATED always has, ORDER_UPDATED sometimes. */
  private boolean has(boolean created, boolean updated) {
    return created || updated && random.nextBoolean();
  }

  private String pick(String... values) {
    return values[random.nextInt(values.length)];
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
