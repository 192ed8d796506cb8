package orderup.kit;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The environment that all engines share, under the names and rules of
 * functions/engine-node/src/config.ts.
 *
 * @param kafka bootstrap servers and security, for any Kafka client; no group, no serializers. It
 *     may hold a password: never log it
 * @param registry the root of Confluent's API, without a slash at the end
 * @param deployment names the consumer group, transactional ids, shadow topics and {@code engine}
 *     header
 * @param instance this worker among those of its deployment; default: the host's name
 * @param stateDir default .order-up/state
 * @param httpPort of /metrics, /healthz and /livez; 0 = any free one
 * @param stopDeadlineMs how long it may take to put everything away after it is told to stop
 * @param logLevel fatal, error, warn, info, debug, trace or silent
 * @param sessionTimeoutMs after which a member of the group that says nothing counts as gone;
 *     default 6 s, the broker's minimum
 * @param transactionTimeoutMs after which the broker aborts what a dead engine left open; default
 *     {@link Defaults#transactionTimeoutMs}
 */
public record EngineConfig(
    Map<String, Object> kafka,
    URI registry,
    String deployment,
    String instance,
    String stateDir,
    String httpHost,
    int httpPort,
    int stopDeadlineMs,
    String logLevel,
    int sessionTimeoutMs,
    int transactionTimeoutMs) {

  /**
   * What differs between engines.
   *
   * @param engine as in deployment ids: flink or kafka-streams
   * @param transactionTimeoutMs default of TRANSACTION_TIMEOUT_MS
   */
  public record Defaults(String engine, int transactionTimeoutMs) {}

  private static final Pattern BROKERS =
      Pattern.compile("\\s*[^:\\s,]+:\\d{1,5}\\s*(,\\s*[^:\\s,]+:\\d{1,5}\\s*)*");
  private static final Pattern HTTP_URL = Pattern.compile("https?://[^\\s]+");
  private static final Pattern INSTANCE = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final List<String> LEVELS =
      List.of("fatal", "error", "warn", "info", "debug", "trace", "silent");
  private static final String REGISTRY = "http://127.0.0.1:8081/apis/ccompat/v7";

  /**
   * Reads the shared keys; what is wrong is remembered by {@code keys}. An engine reads its own
   * keys with the same object and then asks it to {@link ConfigKeys#check}: only after that the
   * values are valid.
   */
  public static EngineConfig read(ConfigKeys keys, Defaults defaults) {
    String brokers =
        keys.matching("KAFKA_BROKERS", "127.0.0.1:9092", BROKERS, "host:port, separated by commas");
    Map<String, Object> kafka = new HashMap<>(KafkaSecurity.read(keys));
    kafka.put("bootstrap.servers", withoutBlanks(brokers));
    String registry = keys.matching("SCHEMA_REGISTRY_URL", REGISTRY, HTTP_URL, "an http(s) URL");
    String engine = defaults.engine();
    return new EngineConfig(
        Map.copyOf(kafka),
        uri(keys, registry),
        keys.matching(
            "DEPLOYMENT",
            engine + "-1",
            Pattern.compile(Pattern.quote(engine) + "-[1-9][0-9]*"),
            engine + "-1, " + engine + "-2, …"),
        keys.matching("INSTANCE", hostname(), INSTANCE, "1 to 64 letters, digits, ., _ or -"),
        keys.text("STATE_DIR", ".order-up/state"),
        keys.text("HTTP_HOST", "127.0.0.1"),
        keys.integer("HTTP_PORT", 0, 0, 65_535),
        keys.integer("STOP_DEADLINE_MS", 10_000, 1_000, 600_000),
        keys.choice("LOG_LEVEL", "info", LEVELS),
        keys.integer("SESSION_TIMEOUT_MS", 6_000, 100, Integer.MAX_VALUE),
        keys.integer(
            "TRANSACTION_TIMEOUT_MS", defaults.transactionTimeoutMs(), 100, Integer.MAX_VALUE));
  }

  private static String withoutBlanks(String brokers) {
    return Arrays.stream(brokers.split(",")).map(String::trim).collect(Collectors.joining(","));
  }

  private static URI uri(ConfigKeys keys, String url) {
    try {
      return URI.create(url.replaceFirst("/$", ""));
    } catch (IllegalArgumentException error) {
      keys.broken("SCHEMA_REGISTRY_URL", "an http(s) URL");
      return URI.create(REGISTRY);
    }
  }

  private static String hostname() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException error) {
      return "localhost";
    }
  }

  /** As members of the group and clients are named: {@code <deployment>/<instance>}. */
  public String clientId() {
    return deployment + "/" + instance;
  }

  /** Without what is secret. */
  @Override
  public String toString() {
    return "EngineConfig[" + clientId() + " at " + kafka.get("bootstrap.servers") + "]";
  }
}
