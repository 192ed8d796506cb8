package orderup.streams;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Map;
import javax.management.JMException;
import javax.management.ObjectName;
import orderup.kit.EngineConfig;
import orderup.kit.EngineFailure;
import orderup.kit.EntryPoint;
import orderup.kit.HealthServer;
import orderup.kit.HealthServer.Health;
import orderup.kit.KafkaSecret;
import orderup.kit.LogSetup;
import orderup.kit.Partitions;
import orderup.kit.RawIds;
import orderup.kit.SchemaRegistry;
import orderup.kit.SharesFollower;
import orderup.kit.WorkerProcess;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The engine as a process; its environment is that of {@link StreamsSettings}. */
public final class StreamsEngine implements EngineMXBean {
  private static final String NAME = "engine-kafka-streams";
  private static final String BEAN = "orderup:type=engine";

  /** of STOP_DEADLINE_MS, for what comes after Kafka Streams has closed */
  private static final int MARGIN_MS = 500;

  private final StreamsSettings settings;
  private final EngineConfig config;
  private final Logger log = LoggerFactory.getLogger(StreamsEngine.class);
  private final Failures failures = new Failures();
  private final Committed committed;
  private volatile String waitingFor = "start";
  private volatile int epoch;
  private volatile KafkaStreams streams;

  public static void main(String[] args) throws IOException {
    Map<String, String> env = System.getenv();
    LogSetup.apply(NAME, env.getOrDefault("LOG_LEVEL", "info"));
    StreamsSettings settings =
        EntryPoint.settingsOrExit(() -> StreamsSettings.read(KafkaSecret.resolve(env)));
    WorkerProcess.run(settings.common().stopDeadlineMs(), () -> new StreamsEngine(settings).run());
  }

  private StreamsEngine(StreamsSettings settings) {
    this.settings = settings;
    config = settings.common();
    committed = new Committed(settings.stack() != null);
  }

  private void run() throws Exception {
    register();
    try (HealthServer server = new HealthServer(config, this::health, new JmxMetrics());
        MetricsExport export = settings.stack() == null ? null : export()) {
      if (export != null) export.start();
      log.info("{} has started, port {}", config.deployment(), server.port());
      waitingFor = "the schema registry";
      SchemaRegistry registry = new SchemaRegistry(config.registry());
      RawIds rawIds = new RawIds(registry);
      long curatedId = registry.curatedId();
      waitingFor = "Kafka";
      int partitions = Partitions.ofRaw(config.kafka());
      waitingFor = "the first epoch of the shares";
      try (SharesFollower shares =
          SharesFollower.start(
              config.kafka(), config.deployment(), config.instance(), new OnEpoch())) {
        waitingFor = "an assignment";
        stream(
            new OrderProcessor.Plan(
                config.deployment(),
                partitions,
                curatedId,
                rawIds::current,
                shares::owns,
                committed),
            new Clients(rawIds));
      }
    }
  }

  private MetricsExport export() {
    return new MetricsExport(
        settings.stack(),
        config.deployment(),
        committed,
        failures::replaced,
        () -> health().healthy(),
        System.out::println);
  }

  private final class OnEpoch implements SharesFollower.Events {
    @Override
    public void onEpoch(int newest) {
      epoch = newest;
    }

    @Override
    public void onFailure(EngineFailure failure) {
      failures.fail(failure);
    }
  }

  /** Runs until it fails or this thread is interrupted; then puts everything away. */
  private void stream(OrderProcessor.Plan plan, Clients clients) throws InterruptedException {
    streams = new KafkaStreams(OrdersTopology.of(plan), settings.properties(), clients);
    streams.setUncaughtExceptionHandler(failures);
    streams.setStateListener((now, before) -> log.info("{} (was {})", now, before));
    streams.start();
    try {
      failures.await();
    } finally {
      boolean closed =
          streams.close(
              CloseOptions.groupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP)
                  .withTimeout(Duration.ofMillis(config.stopDeadlineMs() - MARGIN_MS)));
      if (!closed) log.warn("Kafka Streams did not close in time; its transactions are aborted");
    }
  }

  private Health health() {
    KafkaStreams running = streams;
    if (running == null) return new Health(false, waitingFor);
    State state = running.state();
    if (state == State.RUNNING) return new Health(true, null);
    return new Health(false, state == State.REBALANCING ? waitingFor : state.toString());
  }

  private void register() throws JMException {
    ManagementFactory.getPlatformMBeanServer().registerMBean(this, new ObjectName(BEAN));
  }

  @Override
  public int getEpoch() {
    return epoch;
  }

  @Override
  public long getRestarts() {
    return failures.replaced();
  }
}
