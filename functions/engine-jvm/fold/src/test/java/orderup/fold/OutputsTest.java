package orderup.fold;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import orderup.fold.Decoded.Rejected;
import org.junit.jupiter.api.Test;

class OutputsTest {
  private final Outputs outputs = new Outputs("flink-2");
  private final List<String> added = new ArrayList<>();
  private final BiConsumer<String, byte[]> add =
      (name, value) -> added.add(name + "=" + new String(value, StandardCharsets.UTF_8));

  @Test
  void whatIsOwnedGoesToTheCommonTopicsAndTheRestToTheDeploymentsOwn() {
    assertEquals("orders.orders.curated", outputs.rowTopic(true));
    assertEquals("orders.orders.shadow.flink-2", outputs.rowTopic(false));
    assertEquals("orders.events.dlq", outputs.deadLetterTopic(true));
    assertEquals("orders.events.dlq.shadow.flink-2", outputs.deadLetterTopic(false));
  }

  @Test
  void aRowSaysWhereItComesFrom() {
    outputs.rowHeaders(3, 1L << 40, add);
    assertEquals(List.of("engine=flink-2", "raw-partition=3", "raw-offset=1099511627776"), added);
  }

  @Test
  void aDeadLetterSaysWhyAndWhereItComesFrom() {
    outputs.deadLetterHeaders(new Rejected(Reason.TRAILING_BYTES, "2 bytes"), 3, 41, add);
    assertEquals(
        List.of(
            "dlq-reason=trailing_bytes",
            "dlq-detail=2 bytes",
            "dlq-topic=orders.events.raw",
            "dlq-partition=3",
            "dlq-offset=41",
            "dlq-engine=flink-2"),
        added);
    assertEquals(
        Outputs.DEAD_LETTER_HEADERS, added.stream().map(header -> header.split("=")[0]).toList());
  }
}
