package orderup.flink;

import java.io.Serializable;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import orderup.kit.ConfigException;
import orderup.kit.ConfigKeys;
import orderup.kit.EngineConfig;

/**
 * The engine's environment: what all engines share ({@link EngineConfig}), and Flink's own keys. It
 * is checked once, at the entry point; what tasks need of it goes with the job to wherever they
 * run, a password too, which Flink's plan of the job holds anyway.
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

  /** how often state can be divided; it can never be changed for state that there is */
  static final int MAX_PARALLELISM = 128;

  /** what a task reads; the rest of an environment is nobody's business in a plan of a job */
  private static final Set<String> OF_TASKS =
      Set.of(
          "KAFKA_BROKERS",
          "KAFKA_SECURITY",
          "AWS_REGION",
          "KAFKA_USERNAME",
          "KAFKA_PASSWORD",
          "SCHEMA_REGISTRY_URL",
          "DEPLOYMENT",
          "TRANSACTION_TIMEOUT_MS");

  private final HashMap<String, String> ofTasks = new HashMap<>();
  private transient Set<String> given;
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
    given = Set.copyOf(env.keySet());
    for (String key : OF_TASKS) if (env.containsKey(key)) ofTasks.put(key, env.get(key));
    read(env);
  }

  private void read(Map<String, String> env) throws ConfigException {
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

  /** In a task: how to reach Kafka and the registry, and as which deployment. */
  EngineConfig engine() {
    if (engine == null) readAgain();
    return engine;
  }

  /** Whether the key was given to the entry point, rather than left to its default. */
  boolean gives(String key) {
    return given.contains(key);
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
      read(ofTasks);
    } catch (ConfigException error) {
      throw new IllegalStateException("was valid at the entry point", error);
    }
  }
}
