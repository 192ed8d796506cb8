package orderup.flink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import orderup.fold.Names;
import orderup.fold.OrderState;
import orderup.fold.StateFormat;
import orderup.kit.EngineFailure;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.streaming.util.OperatorSnapshotUtil;
import org.junit.jupiter.api.Test;

/** What was stored once is read for ever, or refused with a word on why. */
class StoredStateTest {

  private static TypeSerializerSnapshot<OrderState> through(OrderStateSerializerSnapshot snapshot)
      throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(64);
    TypeSerializerSnapshot.writeVersionedSnapshot(out, snapshot);
    return read(out.getCopyOfBuffer());
  }

  private static TypeSerializerSnapshot<OrderState> read(byte[] written) throws IOException {
    return TypeSerializerSnapshot.readVersionedSnapshot(
        new DataInputDeserializer(written), StoredStateTest.class.getClassLoader());
  }

  private static TypeSerializerSnapshot<OrderState> mine() {
    return new OrderStateSerializer().snapshotConfiguration();
  }

  @Test
  void anOlderFormatIsReadAsItIs() throws IOException {
    for (int format = 1; format <= StateFormat.FORMAT; format++) {
      var old = through(new OrderStateSerializerSnapshot(Names.CONTRACT_VERSION, format));

      assertTrue(mine().resolveSchemaCompatibility(old).isCompatibleAsIs());
      assertEquals(new OrderStateSerializer(), old.restoreSerializer());
    }
  }

  @Test
  void anotherContractOrANewerFormatIsRefused() throws IOException {
    for (var snapshot :
        new OrderStateSerializerSnapshot[] {
          new OrderStateSerializerSnapshot(Names.CONTRACT_VERSION + 1, StateFormat.FORMAT),
          new OrderStateSerializerSnapshot(Names.CONTRACT_VERSION, StateFormat.FORMAT + 1),
        }) {
      var old = through(snapshot);

      assertTrue(mine().resolveSchemaCompatibility(old).isIncompatible());
      StopsForGood stop = assertThrows(StopsForGood.class, old::restoreSerializer);
      assertEquals("STATE_VERSION", EngineFailure.in(stop).code());
    }
  }

  @Test
  void eachDuplicateHasBuffersOfItsOwn() {
    TypeSerializer<OrderState> serializer = new OrderStateSerializer();
    assertNotSame(serializer, serializer.duplicate());
    assertEquals(serializer, serializer.duplicate());
  }

  /** Written by the first release of format 1; it must be read for ever. Never regenerate it. */
  @Test
  void theGoldenSnapshotOfTheSerializerIsRead() throws IOException {
    var golden = read(hex("order-state-serializer-1.hex"));

    assertTrue(mine().resolveSchemaCompatibility(golden).isCompatibleAsIs());
    assertEquals(new OrderStateSerializer(), golden.restoreSerializer());
  }

  /**
   * A whole state of the operator, written by the first release, after the events of {@link
   * GoldenLog}. It must be restored for ever. Never regenerate it.
   */
  @Test
  void theGoldenStateOfTheOperatorIsRestored() throws Exception {
    var golden =
        OperatorSnapshotUtil.readStateHandle(
            Path.of(StoredStateTest.class.getResource("/snapshots/fold-1.snapshot").toURI())
                .toString());
    try (FoldRun run = new FoldRun(GoldenLog.PARTITIONS, golden)) {
      assertEquals(0, GoldenLog.sendFirst(run).size(), "all were applied before");

      byte[] row = GoldenLog.sendLast(run).get(0).value();

      assertArrayEquals(hex("fold-1.row.hex"), row);
    }
  }

  private static byte[] hex(String name) throws IOException {
    try (InputStream in = StoredStateTest.class.getResourceAsStream("/snapshots/" + name)) {
      return HexFormat.of()
          .parseHex(new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip());
    }
  }
}
