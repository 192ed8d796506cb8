package orderup.flink;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import orderup.fold.StateFormat;
import orderup.fold.Vectors;
import orderup.fold.Vectors.Vector;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.streaming.util.OperatorSnapshotUtil;

/** A whole life of one order, all but whose last event the golden states of the operator hold. */
final class GoldenLog {
  private static final String LIFE =
      "a life in order: created, updated, paid, shipped, delivered, refunded";

  static final int PARTITIONS = 4;

  private static JsonNode life() throws IOException {
    return Vectors.load().stream()
        .filter(vector -> vector.name().equals(LIFE))
        .findFirst()
        .map(Vector::steps)
        .orElseThrow();
  }

  private static List<OutRecord> send(FoldRun run, JsonNode step) throws Exception {
    return run.send(step.get("partition").intValue(), Vectors.key(step), Vectors.value(step, 0));
  }

  static List<OutRecord> sendFirst(FoldRun run) throws Exception {
    List<OutRecord> out = new ArrayList<>();
    JsonNode life = life();
    for (int i = 0; i < life.size() - 1; i++) out.addAll(send(run, life.get(i)));
    return out;
  }

  static List<OutRecord> sendLast(FoldRun run) throws Exception {
    JsonNode life = life();
    return send(run, life.get(life.size() - 1));
  }

  /**
   * Writes the golden files of a format that has none yet.
   *
   * @param args the folder: src/test/resources/snapshots
   */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    String name = "fold-" + StateFormat.FORMAT;
    Path state = folder.resolve(name + ".snapshot");
    if (Files.exists(state)) throw new IllegalStateException(state + " is there: it must stay");
    Files.createDirectories(folder);
    DataOutputSerializer serializer = new DataOutputSerializer(64);
    TypeSerializerSnapshot.writeVersionedSnapshot(
        serializer, new OrderStateSerializer().snapshotConfiguration());
    write(
        folder.resolve("order-state-serializer-" + StateFormat.FORMAT + ".hex"),
        serializer.getCopyOfBuffer());
    try (FoldRun run = new FoldRun(PARTITIONS, null)) {
      sendFirst(run);
      OperatorSnapshotUtil.writeStateHandle(run.snapshot(1), state.toString());
      write(folder.resolve(name + ".row.hex"), sendLast(run).get(0).value());
    }
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    Files.writeString(file, HexFormat.of().formatHex(bytes) + "\n");
  }

  private GoldenLog() {}
}
