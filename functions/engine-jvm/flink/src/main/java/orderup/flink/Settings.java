package orderup.flink;

import java.io.Serializable;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import orderup.kit.ConfigException;
import orderup.kit.ConfigKeys;
import orderup.kit.EngineConfig;

/**
 * The engine's environment: what all engines share ({@link EngineConfig}), and Flink's own keys. It
 * is checked once, at the entry point, and goes with the job to wherever its tasks run; it may hold
 * a password, as Flink's plan of the job does anyway.
 */
public final class Settings implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * 15 minutes, the most that brokers allow by default. Between the moment at which a checkpoint is
   * complete and that at which its transaction is committed, Flink may die: its next start commits.
   * If the broker gave the transaction up before that, its rows are lost, so the time is that
   * within which an engine must be up again.
   */
  private static final int TRANSACTION_TIMEOUT_MS = 900_000;

  private static final int CHECKPOINT_INTERVAL_MS = 1_000;
  private static final int MAX_PARALLELISM = 128;

  private final HashMap<String, String> env;
  private transient EngineConfig engine;
  private transient int parallelism;
  private transient int checkpointIntervalMs;
  private transient String stateBackend;
  private transient int restPort;

  /**
   * @param env see {@link Sources}
   * @throws ConfigException naming each key, its value and the rule that it breaks
   */
  public Settings(Map<String, String> env) throws ConfigException {
    this.env = new HashMap<>(env);
    read();
  }

  private void read() throws ConfigException {
    ConfigKeys keys = new ConfigKeys(env);
    engine = EngineConfig.read(keys, new EngineConfig.Defaults("flink", TRANSACTION_TIMEOUT_MS));
    int cores = Math.min(Runtime.getRuntime().availableProcessors(), MAX_PARALLELISM);
    parallelism = keys.integer("PARALLELISM", cores, 1, MAX_PARALLELISM);
    checkpointIntervalMs =
        keys.integer("CHECKPOINT_INTERVAL_MS", CHECKPOINT_INTERVAL_MS, 10, 3_600_000);
    stateBackend = keys.choice("STATE_BACKEND", "hashmap", List.of("hashmap", "rocksdb"));
    restPort = keys.integer("REST_PORT", 0, 0, 65_535);
    keys.check();
  }

  EngineConfig engine() {
    if (engine == null) readAgain();
    return engine;
  }

  /** Whether the key was given, rather than left to its default. */
  boolean gives(String key) {
    return env.containsKey(key);
  }

  /** Of one JVM and wherever PARALLELISM is given; default: its cores. */
  int parallelism() {
    return parallelism;
  }

  /** Rows come to light with each checkpoint; default 1 s. */
  Duration checkpointInterval() {
    return Duration.ofMillis(checkpointIntervalMs);
  }

  /** hashmap (default) or rocksdb. */
  String stateBackend() {
    return stateBackend;
  }

  /** Of Flink's REST API and web page in one JVM; 0 (default) = any free one. */
  int restPort() {
    return restPort;
  }

  private void readAgain() {
    try {
      read();
    } catch (ConfigException error) {
      throw new IllegalStateException("was valid at the entry point", error);
    }
  }
}
