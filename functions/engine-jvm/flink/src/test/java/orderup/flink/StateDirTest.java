package orderup.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import orderup.flink.StateDir.Snapshot;
import orderup.kit.EngineFailure;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the next start goes on from, whenever the last one was killed. */
class StateDirTest {
  @TempDir Path root;

  /** A checkpoint or savepoint that is complete. */
  private Path complete(String path, long id) throws IOException {
    Path folder = Files.createDirectories(root.resolve(path));
    try (OutputStream out = Files.newOutputStream(folder.resolve("_metadata"))) {
      Checkpoints.storeCheckpointMetadata(new CheckpointMetadata(id, List.of(), List.of()), out);
    }
    return folder;
  }

  private Optional<Snapshot> newest() throws IOException {
    try (StateDir dir = new StateDir(root)) {
      return dir.newest();
    }
  }

  @Test
  void aNewFolderHasNothingToGoOnFrom() throws IOException {
    assertEquals(Optional.empty(), newest());
  }

  @Test
  void theGreatestIdIsTheNewestWhicheverJobWroteIt() throws IOException {
    complete("checkpoints/a/chk-9", 9);
    Path newest = complete("checkpoints/b/chk-10", 10);
    complete("savepoints/savepoint-a", 8);

    assertEquals(Optional.of(new Snapshot(10, newest)), newest());
  }

  @Test
  void aSavepointIsGoneOnFromToo() throws IOException {
    complete("checkpoints/a/chk-9", 9);
    Path savepoint = complete("savepoints/savepoint-a", 10);

    assertEquals(Optional.of(new Snapshot(10, savepoint)), newest());
  }

  @Test
  void oneThatWasNotFinishedIsNone() throws IOException {
    Path complete = complete("checkpoints/a/chk-9", 9);
    Files.createDirectories(root.resolve("checkpoints/a/chk-10"));
    Files.writeString(root.resolve("checkpoints/a/chk-10/_metadata.inprogress.x"), "half");
    Files.createDirectories(root.resolve("checkpoints/a/shared"));

    assertEquals(Optional.of(new Snapshot(9, complete)), newest());
  }

  /** The one before it would write again what this one covers. */
  @Test
  void oneThatCannotBeReadIsNotPassedOver() throws IOException {
    complete("checkpoints/a/chk-9", 9);
    Files.writeString(complete("checkpoints/a/chk-10", 10).resolve("_metadata"), "?");

    EngineFailure failure = assertThrows(EngineFailure.class, this::newest);

    assertEquals("STATE_DAMAGED", failure.code());
  }

  @Test
  void whatWasBeforeAJobGoesWhenTheJobHasACheckpointOfItsOwn() throws IOException {
    Path before = complete("checkpoints/a/chk-9", 9);
    Path savepoint = complete("savepoints/savepoint-a", 10);
    Files.createDirectories(root.resolve("checkpoints/b/chk-11"));
    try (StateDir dir = new StateDir(root)) {
      assertFalse(dir.deleteBefore("b"));
      assertTrue(Files.exists(before) && Files.exists(savepoint));
      Path own = complete("checkpoints/b/chk-11", 11);

      assertTrue(dir.deleteBefore("b"));

      assertFalse(Files.exists(before) || Files.exists(savepoint));
      assertEquals(Optional.of(new Snapshot(11, own)), dir.newest());
    }
  }

  @Test
  void twoJobsDoNotShareAFolder() throws IOException {
    try (StateDir first = new StateDir(root)) {
      EngineFailure failure = assertThrows(EngineFailure.class, () -> new StateDir(root));
      assertEquals("STATE_LOCKED", failure.code());
    }
    new StateDir(root).close();
  }
}
