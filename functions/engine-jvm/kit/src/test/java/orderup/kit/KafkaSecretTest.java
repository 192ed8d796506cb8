package orderup.kit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.regions.Region;

/** Not shown: Secrets Manager itself, which takes an AWS account. */
class KafkaSecretTest {
  private static final Map<String, String> ENV = Map.of("KAFKA_SECRET_ARN", "arn:x", "A", "b");

  @Test
  void theSecretsFieldsBecomeTheLogin() {
    assertEquals(
        Map.of("KAFKA_SECRET_ARN", "arn:x", "A", "b", "KAFKA_USERNAME", "u", "KAFKA_PASSWORD", "p"),
        KafkaSecret.resolve(ENV, arn -> "{\"username\":\"u\",\"password\":\"p\"}"));
  }

  @Test
  void withoutAnArnNothingIsAsked() {
    Map<String, String> env = Map.of("A", "b");

    assertSame(env, KafkaSecret.resolve(env));
  }

  @Test
  void itsRegionIsThatOfItsName() {
    assertEquals(
        Region.EU_WEST_1,
        KafkaSecret.regionOf("arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-AbCdEf"));
    assertNull(KafkaSecret.regionOf("kafka"));
  }

  @Test
  void whatIsNoLoginIsRefusedAndNotShown() {
    for (String text : new String[] {"hunter2", "{\"password\":\"hunter2\"}", "", null}) {
      EngineFailure failure =
          assertThrows(EngineFailure.class, () -> KafkaSecret.resolve(ENV, arn -> text));

      assertEquals("SECRET", failure.code());
      assertFalse(EngineFailure.describe(failure).contains("hunter2"));
    }
  }
}
