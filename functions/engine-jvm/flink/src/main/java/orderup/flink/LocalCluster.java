package orderup.flink;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.flink.configuration.BlobServerOptions;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/** Flink's configuration for one JVM. Everything listens on 127.0.0.1 only. */
final class LocalCluster {
  private static final String HOST = "127.0.0.1";

  /** A cluster that runs nothing yet. */
  static MiniCluster create(Settings settings, Configuration configuration) {
    return new MiniCluster(
        new MiniClusterConfiguration.Builder()
            .setConfiguration(configuration)
            .setNumTaskManagers(1)
            .setNumSlotsPerTaskManager(settings.parallelism())
            .setCommonBindAddress(HOST)
            .build());
  }

  /** Of the cluster and its job. */
  static Configuration configuration(Settings settings, StateDir dir, Optional<Path> restoreFrom) {
    Configuration to = new Configuration();
    addresses(to, settings);
    to.set(CoreOptions.TMP_DIRS, dir.tmp().toString());
    to.set(BlobServerOptions.STORAGE_DIRECTORY, dir.tmp().toString());
    to.set(CoreOptions.DEFAULT_PARALLELISM, settings.parallelism());
    to.set(StateBackendOptions.STATE_BACKEND, settings.stateBackend());
    // RocksDB's caches and buffers; the heap's state needs none of it
    to.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.parse("512m"));
    checkpoints(to, settings, dir);
    restoreFrom.ifPresent(
        path -> {
          to.set(StateRecoveryOptions.SAVEPOINT_PATH, path.toUri().toString());
          // the first checkpoint depends on nothing older, which can then be deleted
          to.set(StateRecoveryOptions.RESTORE_MODE, RecoveryClaimMode.NO_CLAIM);
        });
    return to;
  }

  private static void addresses(Configuration to, Settings settings) {
    to.set(JobManagerOptions.ADDRESS, HOST);
    to.set(JobManagerOptions.BIND_HOST, HOST);
    to.set(TaskManagerOptions.HOST, HOST);
    to.set(TaskManagerOptions.BIND_HOST, HOST);
    to.set(RestOptions.ADDRESS, HOST);
    to.set(RestOptions.BIND_ADDRESS, HOST);
    to.set(RestOptions.BIND_PORT, Integer.toString(settings.restPort()));
    to.set(WebOptions.SUBMIT_ENABLE, false);
    to.set(WebOptions.CANCEL_ENABLE, false);
  }

  private static void checkpoints(Configuration to, Settings settings, StateDir dir) {
    to.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, settings.checkpointInterval());
    to.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    to.set(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS, Duration.ZERO);
    to.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
    to.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, dir.checkpoints().toUri().toString());
    to.set(CheckpointingOptions.SAVEPOINT_DIRECTORY, dir.savepoints().toUri().toString());
    to.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
    to.set(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
  }

  private LocalCluster() {}
}
