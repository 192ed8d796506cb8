package orderup.kit;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How a Kafka client logs in: the properties for it, by KAFKA_SECURITY. */
final class KafkaSecurity {
  private static final List<String> WAYS = List.of("plaintext", "tls", "msk-iam", "scram");
  private static final String IAM = "software.amazon.msk.auth.iam.";
  private static final String SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule";

  /** The rules across keys are those of functions/kit/src/kafka.ts. */
  static Map<String, Object> read(ConfigKeys keys) {
    String how = keys.choice("KAFKA_SECURITY", "plaintext", WAYS);
    String region = keys.text("AWS_REGION", null);
    String username = keys.text("KAFKA_USERNAME", null);
    String password = keys.text("KAFKA_PASSWORD", null);
    if (how.equals("scram")) {
      if (username == null) keys.broken("KAFKA_USERNAME", "needed with KAFKA_SECURITY=scram");
      if (password == null) keys.broken("KAFKA_PASSWORD", "needed with KAFKA_SECURITY=scram");
      return scram(username, password);
    }
    if (WAYS.contains(how)) {
      String rule = "of use only with KAFKA_SECURITY=scram, not " + how;
      if (username != null) keys.brokenBySet("KAFKA_USERNAME", rule);
      if (password != null) keys.brokenBySet("KAFKA_PASSWORD", rule);
    }
    if (how.equals("tls")) return Map.of("security.protocol", "SSL");
    if (!how.equals("msk-iam")) return Map.of();
    if (region == null) keys.broken("AWS_REGION", "needed with KAFKA_SECURITY=msk-iam");
    return sasl(
        "AWS_MSK_IAM",
        IAM + "IAMLoginModule required;",
        Map.of("sasl.client.callback.handler.class", IAM + "IAMClientCallbackHandler"));
  }

  private static Map<String, Object> scram(String username, String password) {
    String login = SCRAM + " required username=" + quoted(username);
    return sasl("SCRAM-SHA-512", login + " password=" + quoted(password) + ";", Map.of());
  }

  private static Map<String, Object> sasl(
      String mechanism, String jaas, Map<String, Object> others) {
    Map<String, Object> properties = new HashMap<>(others);
    properties.put("security.protocol", "SASL_SSL");
    properties.put("sasl.mechanism", mechanism);
    properties.put("sasl.jaas.config", jaas);
    return properties;
  }

  /** As JAAS reads it back. */
  private static String quoted(String text) {
    return '"' + String.valueOf(text).replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private KafkaSecurity() {}
}
