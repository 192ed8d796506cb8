package orderup.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.Properties;
import orderup.kit.ConfigException;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;

class StreamsSettingsTest {

  @Test
  void theEnvironmentIsWhatKafkaStreamsIsTold() throws ConfigException {
    Properties properties =
        StreamsSettings.read(
                Map.of(
                    "DEPLOYMENT", "kafka-streams-2",
                    "INSTANCE", "a",
                    "KAFKA_BROKERS", "b1:1, b2:2",
                    "STATE_DIR", "/state",
                    "THREADS", "3",
                    "SESSION_TIMEOUT_MS", "9000"))
            .properties();

    StreamsConfig config = new StreamsConfig(properties);
    assertEquals("order-up.engine.kafka-streams-2", config.getString("application.id"));
    assertEquals("/state/kafka-streams-2/a", config.getString("state.dir"));
    assertEquals(3, config.getInt("num.stream.threads"));
    assertEquals(100, config.getLong("commit.interval.ms"));
    assertEquals("exactly_once_v2", config.getString("processing.guarantee"));
    Map<String, Object> consumer = config.getMainConsumerConfigs("group", "client", 1);
    assertEquals("a-1", consumer.get("group.instance.id"));
    assertEquals(9_000, consumer.get("session.timeout.ms"));
    assertEquals("read_committed", consumer.get("isolation.level"));
    Map<String, Object> producer = config.getProducerConfigs("client");
    assertEquals("b1:1,b2:2", producer.get("bootstrap.servers"));
    assertEquals(10_000, producer.get("transaction.timeout.ms"));
  }

  @Test
  void anInstanceIsNoStaticMemberWhereThatIsSwitchedOff() throws ConfigException {
    Properties properties =
        StreamsSettings.read(Map.of("INSTANCE", "a", "STATIC_MEMBERSHIP", "false")).properties();

    Map<String, Object> consumer =
        new StreamsConfig(properties).getMainConsumerConfigs("group", "client", 1);
    assertNull(consumer.get("group.instance.id"));
  }

  @Test
  void everythingThatIsWrongIsSaidAtOnce() {
    Map<String, String> env =
        Map.of(
            "DEPLOYMENT", "flink-1",
            "THREADS", "0",
            "COMMIT_INTERVAL_MS", "10000",
            "STATIC_MEMBERSHIP", "no",
            "METRICS", "emf");

    ConfigException error = assertThrows(ConfigException.class, () -> StreamsSettings.read(env));

    assertEquals(
        """
        Invalid configuration:
          DEPLOYMENT="flink-1": kafka-streams-1, kafka-streams-2, …
          THREADS="0": an integer of 1 to 1000
          COMMIT_INTERVAL_MS="10000": less than TRANSACTION_TIMEOUT_MS
          STATIC_MEMBERSHIP="no": one of true, false
          STACK is not set: needed with METRICS=emf\
        """,
        error.getMessage());
  }
}
