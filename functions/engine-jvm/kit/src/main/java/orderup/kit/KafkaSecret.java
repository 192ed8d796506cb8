package orderup.kit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashMap;
import java.util.Map;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;

/**
 * Reads Kafka's login from Secrets Manager, for whoever is handed only its ARN (ECS hands the
 * secret itself). AWS's classes are loaded only if KAFKA_SECRET_ARN is set.
 */
public final class KafkaSecret {
  private static final String ARN = "KAFKA_SECRET_ARN";

  /** How a secret is read: an ARN to its text. */
  interface Reader {
    String read(String arn);
  }

  /**
   * The environment with KAFKA_USERNAME and KAFKA_PASSWORD from the secret that it names; the same
   * where it names none. Read once: a rotated secret needs a new start.
   *
   * @throws EngineFailure {@code SECRET} where it can't be read or is not what it should be;
   *     neither shows it
   */
  public static Map<String, String> resolve(Map<String, String> env) {
    return resolve(env, KafkaSecret::fromSecretsManager);
  }

  static Map<String, String> resolve(Map<String, String> env, Reader reader) {
    String arn = env.get(ARN);
    if (arn == null || arn.isEmpty()) return env;
    JsonNode secret = json(reader.read(arn));
    Map<String, String> resolved = new HashMap<>(env);
    resolved.put("KAFKA_USERNAME", field(secret, "username", arn));
    resolved.put("KAFKA_PASSWORD", field(secret, "password", arn));
    return resolved;
  }

  private static String fromSecretsManager(String arn) {
    try (SecretsManagerClient client =
        SecretsManagerClient.builder().region(regionOf(arn)).build()) {
      return client.getSecretValue(request -> request.secretId(arn)).secretString();
    } catch (SdkException error) {
      throw new EngineFailure(
          "SECRET",
          "Cannot read " + ARN + "=" + arn,
          "the engine's role needs secretsmanager:GetSecretValue on it, and kms:Decrypt",
          error);
    }
  }

  /** The secret's own: where a job runs, the environment need not name one. */
  static Region regionOf(String arn) {
    String[] parts = arn.split(":");
    return parts.length > 3 && !parts[3].isEmpty() ? Region.of(parts[3]) : null;
  }

  // the parser's own words could quote the secret
  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text == null ? "" : text);
    } catch (JsonProcessingException error) {
      return null;
    }
  }

  private static String field(JsonNode secret, String name, String arn) {
    JsonNode value = secret == null ? null : secret.get(name);
    if (value == null || !value.isTextual() || value.textValue().isEmpty())
      throw new EngineFailure(
          "SECRET", ARN + "=" + arn + " is not a JSON object with username and password", null);
    return value.textValue();
  }

  private KafkaSecret() {}
}
