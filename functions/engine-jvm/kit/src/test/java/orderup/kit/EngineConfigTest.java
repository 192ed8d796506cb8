package orderup.kit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;
import org.junit.jupiter.api.Test;

/** Not shown: that a broker takes the login. MSK's IAM takes an AWS account. */
class EngineConfigTest {

  private static EngineConfig read(Map<String, String> env) throws ConfigException {
    ConfigKeys keys = new ConfigKeys(env);
    EngineConfig config = EngineConfig.read(keys, new EngineConfig.Defaults("flink", 900_000));
    keys.check();
    return config;
  }

  private static String problems(Map<String, String> env) {
    return assertThrows(ConfigException.class, () -> read(env)).getMessage();
  }

  @Test
  void withoutAnEnvironmentAllIsThatOfALaptop() throws ConfigException {
    EngineConfig config = read(Map.of());

    assertEquals(Map.of("bootstrap.servers", "127.0.0.1:9092"), config.kafka());
    assertEquals("http://127.0.0.1:8081/apis/ccompat/v7", config.registry().toString());
    assertEquals("flink-1", config.deployment());
    assertEquals("127.0.0.1", config.httpHost());
    assertEquals(0, config.httpPort());
    assertEquals(10_000, config.stopDeadlineMs());
    assertEquals(6_000, config.sessionTimeoutMs());
    assertEquals(900_000, config.transactionTimeoutMs());
    assertEquals("info", config.logLevel());
  }

  @Test
  void everythingThatIsWrongIsSaidAtOnce() {
    String problems =
        problems(
            Map.of(
                "KAFKA_BROKERS", "b1",
                "SCHEMA_REGISTRY_URL", "registry",
                "DEPLOYMENT", "flink-0",
                "INSTANCE", "a/b",
                "HTTP_PORT", "70000",
                "STOP_DEADLINE_MS", "soon",
                "LOG_LEVEL", "loud",
                "KAFKA_SECURITY", "ssl",
                "KAFKA_PASSWORD", "hunter2"));

    assertEquals(
        """
        Invalid configuration:
          KAFKA_BROKERS="b1": host:port, separated by commas
          KAFKA_SECURITY="ssl": one of plaintext, tls, msk-iam, scram
          SCHEMA_REGISTRY_URL="registry": an http(s) URL
          DEPLOYMENT="flink-0": flink-1, flink-2, …
          INSTANCE="a/b": 1 to 64 letters, digits, ., _ or -
          HTTP_PORT="70000": an integer of 0 to 65535
          STOP_DEADLINE_MS="soon": an integer of 1000 to 600000
          LOG_LEVEL="loud": one of fatal, error, warn, info, debug, trace, silent\
        """,
        problems);
  }

  @Test
  void keysThatDoNotGoTogetherAreRefusedAndNoSecretIsShown() {
    Map<Map<String, String>, String> cases =
        Map.of(
            Map.of("KAFKA_SECURITY", "msk-iam"),
            "AWS_REGION is not set: needed with KAFKA_SECURITY=msk-iam",
            Map.of("KAFKA_SECURITY", "scram", "KAFKA_PASSWORD", "hunter2"),
            "KAFKA_USERNAME is not set: needed with KAFKA_SECURITY=scram",
            Map.of("KAFKA_SECURITY", "scram", "KAFKA_USERNAME", "u"),
            "KAFKA_PASSWORD is not set: needed with KAFKA_SECURITY=scram",
            Map.of("KAFKA_SECURITY", "tls", "KAFKA_USERNAME", "u"),
            "KAFKA_USERNAME is set: of use only with KAFKA_SECURITY=scram, not tls",
            Map.of("KAFKA_PASSWORD", "hunter2"),
            "KAFKA_PASSWORD is set: of use only with KAFKA_SECURITY=scram, not plaintext");
    cases.forEach(
        (env, problem) -> assertEquals("Invalid configuration:\n  " + problem, problems(env)));
  }

  @Test
  void aPasswordReachesTheLoginAsItIsAndIsNotShown() throws ConfigException {
    String password = "a\"b\\c;' d";

    EngineConfig config =
        read(Map.of("KAFKA_SECURITY", "scram", "KAFKA_USERNAME", "u", "KAFKA_PASSWORD", password));

    assertEquals("SASL_SSL", config.kafka().get("security.protocol"));
    assertEquals("SCRAM-SHA-512", config.kafka().get("sasl.mechanism"));
    Map<String, Object> jaas =
        Map.of("sasl.jaas.config", new Password((String) config.kafka().get("sasl.jaas.config")));
    var login = JaasContext.loadClientContext(jaas).configurationEntries().get(0);
    assertEquals(Map.of("username", "u", "password", password), login.getOptions());
    assertFalse(config.toString().contains("b\\c"), config.toString());
  }

  @Test
  void iamLogsInByItsOwnModule() throws ConfigException {
    EngineConfig config = read(Map.of("KAFKA_SECURITY", "msk-iam", "AWS_REGION", "eu-west-1"));

    assertEquals("AWS_MSK_IAM", config.kafka().get("sasl.mechanism"));
    String handler = (String) config.kafka().get("sasl.client.callback.handler.class");
    assertTrue(isThere(handler), handler);
    String module = ((String) config.kafka().get("sasl.jaas.config")).split(" ")[0];
    assertTrue(isThere(module), module);
  }

  private static boolean isThere(String name) {
    try {
      Class.forName(name);
      return true;
    } catch (ClassNotFoundException error) {
      return false;
    }
  }
}
