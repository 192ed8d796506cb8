package orderup.flink;

import java.util.Map;
import orderup.kit.ConfigException;
import orderup.kit.KafkaSecret;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The main class on a Flink cluster and on Managed Flink. Where a cluster's configuration says how
 * to checkpoint, as Managed Flink's does, that stands.
 */
public final class FlinkEngine {
  public static void main(String[] args) throws Exception {
    Settings settings =
        settings(Sources.merge(args, System.getenv(), Sources.APPLICATION_PROPERTIES));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    boolean configured = env.getCheckpointConfig().isCheckpointingEnabled();
    if (settings.gives("CHECKPOINT_INTERVAL_MS") || !configured)
      env.enableCheckpointing(settings.checkpointInterval().toMillis());
    if (settings.gives("PARALLELISM")) env.setParallelism(settings.parallelism());
    new Topology(settings).build(env);
    env.execute(jobName(settings));
  }

  static Settings settings(Map<String, String> env) throws ConfigException {
    return new Settings(KafkaSecret.resolve(env));
  }

  static String jobName(Settings settings) {
    return "order-up " + settings.engine().deployment();
  }

  private FlinkEngine() {}
}
