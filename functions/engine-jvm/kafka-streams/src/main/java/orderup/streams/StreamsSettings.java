package orderup.streams;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import orderup.fold.Names;
import orderup.kit.ConfigException;
import orderup.kit.ConfigKeys;
import orderup.kit.EngineConfig;
import org.apache.kafka.streams.StreamsConfig;

/**
 * The engine's environment, and what it means to Kafka Streams.
 *
 * @param threads THREADS: default the cores; each has its own consumer and producer
 * @param commitIntervalMs COMMIT_INTERVAL_MS: default 100, which is what a row waits at most for
 *     its commit; each commit costs the broker some ten small writes
 * @param staticMember STATIC_MEMBERSHIP: default true; false = after a kill, the session has to
 *     time out before anybody has its partitions, as with clients that know no static members
 * @param stack STACK, with METRICS=emf: the dimension of what goes to CloudWatch; null = nothing
 *     does
 */
record StreamsSettings(
    EngineConfig common, int threads, int commitIntervalMs, boolean staticMember, String stack) {
  private static final EngineConfig.Defaults DEFAULTS =
      new EngineConfig.Defaults("kafka-streams", 10_000);
  private static final Pattern EMF = Pattern.compile("emf");

  static StreamsSettings read(Map<String, String> env) throws ConfigException {
    ConfigKeys keys = new ConfigKeys(env);
    EngineConfig common = EngineConfig.read(keys, DEFAULTS);
    int threads = keys.integer("THREADS", Runtime.getRuntime().availableProcessors(), 1, 1_000);
    int commitIntervalMs = keys.integer("COMMIT_INTERVAL_MS", 100, 1, 600_000);
    if (commitIntervalMs >= common.transactionTimeoutMs())
      keys.broken("COMMIT_INTERVAL_MS", "less than TRANSACTION_TIMEOUT_MS");
    String staticMember = keys.choice("STATIC_MEMBERSHIP", "true", List.of("true", "false"));
    String metrics = keys.matching("METRICS", null, EMF, "emf, or not set");
    String stack = keys.text("STACK", null);
    if (metrics != null && stack == null) keys.broken("STACK", "needed with METRICS=emf");
    keys.check();
    return new StreamsSettings(
        common,
        threads,
        commitIntervalMs,
        Boolean.parseBoolean(staticMember),
        metrics == null ? null : stack);
  }

  Properties properties() {
    Map<String, Object> all = new HashMap<>(common.kafka());
    all.put(StreamsConfig.APPLICATION_ID_CONFIG, Names.engineGroup(common.deployment()));
    // control finds an instance by its members' client ids, which begin with this
    all.put(StreamsConfig.CLIENT_ID_CONFIG, common.clientId());
    all.put(
        StreamsConfig.STATE_DIR_CONFIG,
        Path.of(common.stateDir(), common.deployment(), common.instance()).toString());
    all.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    all.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    all.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, commitIntervalMs);
    all.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
    // an instance that joins takes over at once what it restores within a second or so, and what is
    // more as soon as it has caught up beside the one that has it
    all.put(StreamsConfig.ACCEPTABLE_RECOVERY_LAG_CONFIG, 250_000L);
    all.put(StreamsConfig.PROBING_REBALANCE_INTERVAL_MS_CONFIG, 60_000L);
    all.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, StateTuning.class);
    for (Map<String, Object> each : List.of(consumer(), producer())) all.putAll(each);
    Properties properties = new Properties();
    properties.putAll(all);
    return properties;
  }

  private Map<String, Object> consumer() {
    Map<String, Object> consumer = new HashMap<>();
    consumer.put("session.timeout.ms", common.sessionTimeoutMs());
    consumer.put("heartbeat.interval.ms", Math.max(1, common.sessionTimeoutMs() / 4));
    // whoever restarts under the same name takes its place at once, not after a session timeout
    if (staticMember) consumer.put("group.instance.id", common.instance());
    consumer.put("max.poll.records", 5_000);
    consumer.put("max.partition.fetch.bytes", 4 << 20);
    Map<String, Object> prefixed = new HashMap<>();
    consumer.forEach((key, value) -> prefixed.put(StreamsConfig.mainConsumerPrefix(key), value));
    prefixed.put(StreamsConfig.restoreConsumerPrefix("max.poll.records"), 20_000);
    prefixed.put(StreamsConfig.restoreConsumerPrefix("max.partition.fetch.bytes"), 16 << 20);
    prefixed.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 5_000);
    return prefixed;
  }

  private Map<String, Object> producer() {
    Map<String, Object> producer = new HashMap<>();
    producer.put("transaction.timeout.ms", common.transactionTimeoutMs());
    producer.put("linger.ms", 5);
    producer.put("batch.size", 256 << 10);
    producer.put("buffer.memory", 64L << 20);
    // a dead letter or the state of an order of many events: as large as their topics take
    producer.put("max.request.size", 8 << 20);
    Map<String, Object> prefixed = new HashMap<>();
    producer.forEach((key, value) -> prefixed.put(StreamsConfig.producerPrefix(key), value));
    return prefixed;
  }
}
