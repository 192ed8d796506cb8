package orderup.flink;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import orderup.kit.ConfigException;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  @TempDir Path dir;

  private Path properties(String json) throws IOException {
    return Files.writeString(dir.resolve("application_properties.json"), json);
  }

  @Test
  void flagsWinOverTheEnvironmentWhichWinsOverApplicationProperties() throws IOException {
    Path file =
        properties(
            """
            [{"PropertyGroupId": "another", "PropertyMap": {"DEPLOYMENT": "no"}},
             {"PropertyGroupId": "order-up", "PropertyMap":
               {"DEPLOYMENT": "flink-1", "AWS_REGION": "eu-west-1", "KAFKA_SECRET_ARN": "arn"}}]
            """);
    String[] flags = {"--DEPLOYMENT", "flink-3"};

    Map<String, String> merged =
        Sources.merge(flags, Map.of("DEPLOYMENT", "flink-2", "AWS_REGION", "eu-north-1"), file);

    assertEquals(
        Map.of("DEPLOYMENT", "flink-3", "AWS_REGION", "eu-north-1", "KAFKA_SECRET_ARN", "arn"),
        merged);
  }

  @Test
  void anArgumentThatIsNoFlagIsRefused() {
    Path none = dir.resolve("none");
    for (String[] args : new String[][] {{"DEPLOYMENT", "flink-1"}, {"--DEPLOYMENT"}}) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> Sources.merge(args, Map.of(), none))
              .getMessage();
      assertTrue(message.contains(args[0]), message);
    }
  }

  @Test
  void everyKeyThatIsWrongIsNamedAtOnce() {
    String message =
        assertThrows(
                ConfigException.class,
                () ->
                    new Settings(
                        Map.of(
                            "DEPLOYMENT", "node-1",
                            "PARALLELISM", "0",
                            "STATE_BACKEND", "memory",
                            "CHECKPOINT_INTERVAL_MS", "soon",
                            "REST_PORT", "-1")))
            .getMessage();

    for (String key :
        new String[] {
          "DEPLOYMENT=\"node-1\"",
          "PARALLELISM=\"0\"",
          "STATE_BACKEND=\"memory\"",
          "CHECKPOINT_INTERVAL_MS=\"soon\"",
          "REST_PORT=\"-1\"",
        }) assertTrue(message.contains(key), message);
  }

  @Test
  void aTaskIsGivenWhatItNeedsAndNoMore() throws Exception {
    Settings settings =
        new Settings(
            Map.of(
                "DEPLOYMENT", "flink-2",
                "KAFKA_BROKERS", "b-1:9098",
                "CHECKPOINT_INTERVAL_MS", "250",
                "PARALLELISM", "3",
                "AWS_SESSION_TOKEN", "of the process"));

    Settings there = InstantiationUtil.clone(settings);

    assertEquals("flink-2", there.engine().deployment());
    assertEquals("b-1:9098", there.engine().kafka().get("bootstrap.servers"));
    String plan = new String(InstantiationUtil.serializeObject(settings), ISO_8859_1);
    assertFalse(plan.contains("of the process"));
    assertEquals(900_000, settings.engine().transactionTimeoutMs());
    assertEquals(Duration.ofMillis(250), settings.checkpointInterval());
    assertEquals(3, settings.parallelism());
    assertEquals("hashmap", settings.stateBackend());
  }
}
