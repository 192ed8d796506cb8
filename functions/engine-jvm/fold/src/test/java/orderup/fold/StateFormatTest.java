package orderup.fold;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import orderup.fold.Decoded.OrderEvent;
import org.junit.jupiter.api.Test;

class StateFormatTest {
  private static final int SEEDS = 500;

  private final StateFormat format = new StateFormat();
  private final RowWriter rows = new RowWriter(1);

  private static OrderState fold(List<OrderEvent> log) {
    OrderState state = null;
    for (OrderEvent event : log) state = Fold.apply(state, event);
    return state;
  }

  @Test
  void aStoredStateFoldsOnExactlyAsTheOneInMemory() {
    for (int seed = 0; seed < SEEDS; seed++) {
      OrderState live = null;
      byte[] stored = null;
      for (OrderEvent event : new SmallEvents(seed).log()) {
        OrderState before = stored == null ? null : format.decode(stored);
        OrderState ofStored = Fold.apply(before, event);
        OrderState next = Fold.apply(live, event);
        assertEquals(next == live, ofStored == before, "seed " + seed);
        live = next;
        stored = format.encode(ofStored);
        assertArrayEquals(format.encode(live), stored, "seed " + seed);
        byte[] row = rows.write(SmallEvents.ORDER, format.decode(stored));
        assertArrayEquals(rows.write(SmallEvents.ORDER, live), row, "seed " + seed);
      }
    }
  }

  @Test
  void aDecodedStateKeepsNothingOfTheArrayItWasReadFrom() {
    for (int seed = 0; seed < SEEDS; seed++) {
      byte[] stored = format.encode(fold(new SmallEvents(seed).log()));
      byte[] copy = stored.clone();
      OrderState state = format.decode(copy);
      Arrays.fill(copy, (byte) 0xff);
      assertArrayEquals(stored, format.encode(state), "seed " + seed);
    }
  }

  @Test
  void aStateThatIsCutShortOrHasSomethingBehindItIsRefused() {
    for (int seed = 0; seed < 50; seed++) {
      byte[] stored = format.encode(fold(new SmallEvents(seed).log()));
      for (int length = 0; length <= stored.length + 1; length++) {
        byte[] other = Arrays.copyOf(stored, length);
        if (length != stored.length)
          assertThrows(IllegalArgumentException.class, () -> format.decode(other));
      }
    }
  }

  @Test
  void aStateOfAnotherContractOrOfANewerFormatIsRefusedAndSaysSo() {
    for (int at = 0; at < 2; at++) {
      byte[] stored = format.encode(fold(new SmallEvents(1).log()));
      stored[at]++;
      String message =
          assertThrows(IllegalArgumentException.class, () -> format.decode(stored)).getMessage();
      assertTrue(message.contains(at == 0 ? "contract version 2" : "format 2"), message);
    }
  }

  /** Written by the first release of format 1; it must be read for ever. Never regenerate it. */
  @Test
  void theGoldenStateOfFormat1IsRead() throws IOException {
    byte[] golden = hex("/states/format-1.hex");
    byte[] row = hex("/states/format-1.row.hex");

    OrderState state = format.decode(golden);

    assertArrayEquals(row, rows.write(SmallEvents.ORDER, state));
  }

  private static byte[] hex(String resource) throws IOException {
    try (InputStream in = StateFormatTest.class.getResourceAsStream(resource)) {
      return HexFormat.of()
          .parseHex(new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip());
    }
  }
}
