package orderup.flink;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import orderup.kit.EngineFailure;
import org.apache.flink.runtime.checkpoint.Checkpoints;

/**
 * Where one JVM keeps its checkpoints and savepoints, for one process at a time:
 *
 * <pre>
 * checkpoints/&lt;job&gt;/chk-&lt;id&gt;/_metadata
 * savepoints/&lt;name&gt;/_metadata
 * tmp/      of this run
 * lock
 * </pre>
 *
 * A checkpoint is complete when its _metadata is there, which appears in one move. Ids only grow,
 * from job to job, so the greatest is the newest. Going on from an older one than the newest would
 * write rows again, so one that cannot be read is never passed over.
 */
final class StateDir implements AutoCloseable {
  private static final String METADATA = "_metadata";

  private final Path root;
  private final FileChannel lock;

  /**
   * A checkpoint or savepoint that a job can go on from.
   *
   * @param path of its folder
   */
  record Snapshot(long id, Path path) {}

  /**
   * @throws EngineFailure {@code STATE_LOCKED}
   */
  StateDir(Path root) throws IOException {
    this.root = root.toAbsolutePath();
    Files.createDirectories(this.root);
    lock =
        FileChannel.open(
            this.root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (tryLock() == null) {
      lock.close();
      throw new EngineFailure(
          "STATE_LOCKED",
          this.root + " is in use by another process",
          "one job is a whole deployment: stop the other, or give this one a DEPLOYMENT of its"
              + " own");
    }
    delete(tmp());
    Files.createDirectories(tmp());
  }

  private FileLock tryLock() throws IOException {
    try {
      return lock.tryLock();
    } catch (OverlappingFileLockException mine) {
      return null;
    }
  }

  Path checkpoints() {
    return root.resolve("checkpoints");
  }

  Path savepoints() {
    return root.resolve("savepoints");
  }

  /** For what no later run needs. */
  Path tmp() {
    return root.resolve("tmp");
  }

  /**
   * What to go on from; empty in a new folder.
   *
   * @throws EngineFailure {@code STATE_DAMAGED}
   */
  Optional<Snapshot> newest() throws IOException {
    List<Snapshot> all = new ArrayList<>();
    for (Path job : children(checkpoints())) all.addAll(complete(job));
    all.addAll(complete(savepoints()));
    return all.stream().max(Comparator.comparingLong(Snapshot::id));
  }

  private static List<Snapshot> complete(Path folder) throws IOException {
    List<Snapshot> found = new ArrayList<>();
    for (Path path : children(folder)) {
      Path metadata = path.resolve(METADATA);
      if (Files.exists(metadata)) found.add(new Snapshot(idIn(metadata), path));
    }
    return found;
  }

  private static long idIn(Path metadata) {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(metadata))) {
      ClassLoader loader = StateDir.class.getClassLoader();
      return Checkpoints.loadCheckpointMetadata(in, loader, metadata.toString()).getCheckpointId();
    } catch (IOException error) {
      throw new EngineFailure(
          "STATE_DAMAGED",
          metadata + " cannot be read",
          "give STATE_DIR back from a copy, or begin as a deployment of a new generation, through"
              + " shadow",
          error);
    }
  }

  /**
   * Deletes what was before the job, once the job has a checkpoint of its own: Flink's first one
   * needs nothing of what the job was restored from.
   *
   * @return whether the job has one
   */
  boolean deleteBefore(String job) throws IOException {
    if (!hasComplete(checkpoints().resolve(job))) return false;
    for (Path other : children(checkpoints()))
      if (!other.getFileName().toString().equals(job)) delete(other);
    delete(savepoints());
    return true;
  }

  /** Without looking into one, which the job may just be deleting. */
  private static boolean hasComplete(Path folder) throws IOException {
    for (Path path : children(folder)) if (Files.exists(path.resolve(METADATA))) return true;
    return false;
  }

  private static List<Path> children(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) return List.of();
    try (Stream<Path> found = Files.list(folder)) {
      return found.toList();
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) return;
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          // another thread of a job that has just ended may still be deleting too
          @Override
          public FileVisitResult visitFileFailed(Path file, IOException error) throws IOException {
            if (error instanceof NoSuchFileException) return FileVisitResult.CONTINUE;
            throw error;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path path, IOException error)
              throws IOException {
            Files.deleteIfExists(path);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
