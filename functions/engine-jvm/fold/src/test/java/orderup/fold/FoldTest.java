package orderup.fold;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import orderup.fold.Decoded.OrderEvent;
import org.junit.jupiter.api.Test;

/** Seeded random logs: a failure names its seed. */
class FoldTest {
  private static final int SEEDS = 1_000;

  private final StateFormat format = new StateFormat();
  private final RowWriter rows = new RowWriter(1);

  /** The state after each record of the log. */
  private static List<OrderState> states(List<OrderEvent> log) {
    List<OrderState> states = new ArrayList<>();
    OrderState state = null;
    for (OrderEvent event : log) states.add(state = Fold.apply(state, event));
    return states;
  }

  private static OrderState last(List<OrderEvent> log) {
    List<OrderState> states = states(log);
    return states.get(states.size() - 1);
  }

  private ObjectNode row(OrderState state) throws IOException {
    return Avro.json(Avro.read(Avro.CURATED, rows.write(SmallEvents.ORDER, state)));
  }

  @Test
  void theRowAfterEveryRecordIsThatOfThePlainModel() throws IOException {
    for (int seed = 0; seed < SEEDS; seed++) {
      List<OrderEvent> log = new SmallEvents(seed).log();
      List<OrderState> states = states(log);
      for (int i = 0; i < log.size(); i++)
        assertEquals(ModelRow.of(log.subList(0, i + 1)), row(states.get(i)), "seed " + seed);
    }
  }

  @Test
  void orderAndRepetitionNeverChangeTheFinalRowButForLastEventId() throws IOException {
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      List<OrderEvent> events = new SmallEvents(seed).distinct();
      List<OrderEvent> log = new ArrayList<>(events);
      Collections.shuffle(log, random);
      for (int i = random.nextInt(10); i > 0; i--)
        log.add(random.nextInt(log.size() + 1), events.get(random.nextInt(events.size())));

      assertEquals(
          row(last(events)).without("last_event_id"),
          row(last(log)).without("last_event_id"),
          "seed " + seed);
    }
  }

  @Test
  void versionCountsDistinctEventsAndOnlyDuplicatesGiveTheSameStateBack() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Set<UUID> seen = new HashSet<>();
      OrderState state = null;
      for (OrderEvent event : new SmallEvents(seed).log()) {
        OrderState next = Fold.apply(state, event);
        assertEquals(!seen.add(SmallEvents.id(event)), next == state, "seed " + seed);
        assertEquals(seen.size(), next.version(), "seed " + seed);
        state = next;
      }
    }
  }

  @Test
  void aStateStaysAsItWasAndMayBeFoldedOnTwice() {
    for (int seed = 0; seed < SEEDS; seed++) {
      SmallEvents random = new SmallEvents(seed);
      List<OrderEvent> trunk = random.log();
      List<OrderEvent> branch = random.log();
      List<OrderState> states = states(trunk);
      List<byte[]> stored = states.stream().map(format::encode).toList();
      int at = seed % trunk.size();

      OrderState branched = states.get(at);
      for (OrderEvent event : branch) branched = Fold.apply(branched, event);

      for (int i = 0; i < states.size(); i++)
        assertArrayEquals(stored.get(i), format.encode(states.get(i)), "seed " + seed);
      List<OrderEvent> alone = new ArrayList<>(trunk.subList(0, at + 1));
      alone.addAll(branch);
      assertArrayEquals(format.encode(last(alone)), format.encode(branched), "seed " + seed);
    }
  }
}
