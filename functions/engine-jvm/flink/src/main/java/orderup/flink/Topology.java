package orderup.flink;

import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import orderup.fold.Names;
import orderup.kit.EngineConfig;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The job: raw → key → fold → curated, shadow and dead letters. */
final class Topology {
  private final Settings settings;
  private final EngineConfig engine;

  Topology(Settings settings) {
    this.settings = settings;
    engine = settings.engine();
  }

  /**
   * The uids name the state in checkpoints and savepoints: never change one.
   *
   * @param env whose checkpointing is its owner's
   */
  void build(StreamExecutionEnvironment env) {
    env.configure(configuration());
    env.fromSource(
            new RawSource(source(), settings),
            WatermarkStrategy.noWatermarks(),
            Names.RAW_TOPIC,
            RawRecordSchema.TYPE)
        .uid("raw")
        .keyBy(new RawKey())
        .process(new FoldFunction(engine.deployment(), new KafkaOpener(settings)), FoldFunction.OUT)
        .uid("fold")
        .name("fold")
        .sinkTo(new RowSink(sink(), settings))
        .uid("rows")
        .name("rows and dead letters");
  }

  private static Configuration configuration() {
    Configuration configuration = new Configuration();
    // nothing is ever changed in place, so nothing needs a copy between chained operators
    configuration.set(PipelineOptions.OBJECT_REUSE, true);
    configuration.set(PipelineOptions.MAX_PARALLELISM, Settings.MAX_PARALLELISM);
    // what waits longer for a full buffer comes late to the checkpoint that would show it
    configuration.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ofMillis(10));
    // whatever a restart may cure is tried for ever; what it can't, StopsForGood
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
    configuration.set(
        RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF,
        Duration.ofSeconds(1));
    configuration.set(
        RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF,
        Duration.ofSeconds(10));
    return configuration;
  }

  private KafkaSource<RawRecord> source() {
    String group = Names.engineGroup(engine.deployment());
    return KafkaSource.<RawRecord>builder()
        .setProperties(properties(engine.kafka()))
        .setTopics(Names.RAW_TOPIC)
        .setGroupId(group)
        .setClientIdPrefix(engine.deployment())
        .setStartingOffsets(new BeginningOfRaw(group))
        .setDeserializer(new RawRecordSchema(settings))
        .setProperty("isolation.level", "read_committed")
        .setProperty("commit.offsets.on.checkpoint", "false") // OffsetCommits does
        .setProperty("max.poll.records", "4000")
        // the number of raw's partitions is fixed for its life
        .setProperty("partition.discovery.interval.ms", "-1")
        .build();
  }

  /**
   * Transactional ids are reused (POOLING): one for each checkpoint (INCREMENTING, the default)
   * would leave the broker 600,000 a week and subtask to remember at one checkpoint a second, and
   * at each restart Flink would try them one by one. It asks for more rights: to describe the
   * deployment's transactional ids, and to read the topics that it writes, to find what an earlier
   * run left open there.
   */
  private KafkaSink<OutRecord> sink() {
    return KafkaSink.<OutRecord>builder()
        .setKafkaProducerConfig(properties(engine.kafka()))
        .setRecordSerializer(new OutRecordSchema(engine.deployment()))
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(Names.transactionalIdPrefix(engine.deployment()) + "rows")
        .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
        .setProperty("transaction.timeout.ms", Integer.toString(engine.transactionTimeoutMs()))
        .setProperty("linger.ms", "5")
        .setProperty("batch.size", "65536")
        .build();
  }

  private static Properties properties(Map<String, Object> kafka) {
    Properties properties = new Properties();
    properties.putAll(kafka);
    return properties;
  }
}
