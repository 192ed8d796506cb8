package orderup.kit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import orderup.kit.HealthServer.Health;
import org.junit.jupiter.api.Test;

class HealthServerTest {

  @Test
  void healthLifeAndMetricsAreAnswered() throws Exception {
    EngineConfig config =
        EngineConfig.read(
            new ConfigKeys(Map.of("INSTANCE", "a")), new EngineConfig.Defaults("flink", 1_000));
    AtomicReference<Health> health = new AtomicReference<>(new Health(false, "Kafka"));
    try (HealthServer server =
        new HealthServer(config, health::get, out -> out.write("up 1\n".getBytes(UTF_8)))) {
      assertEquals(
          "503 {\"healthy\":false,\"deployment\":\"flink-1\",\"instance\":\"a\","
              + "\"waiting_for\":\"Kafka\"}",
          get(server, "/healthz"));
      health.set(new Health(true, null, "http://127.0.0.1:1"));
      assertEquals(
          "200 {\"healthy\":true,\"deployment\":\"flink-1\",\"instance\":\"a\","
              + "\"web_page\":\"http://127.0.0.1:1\"}",
          get(server, "/healthz"));
      assertEquals("200 ", get(server, "/livez"));
      assertEquals("200 up 1\n", get(server, "/metrics"));
      assertEquals("404 ", get(server, "/metrics/more"));
    }
  }

  private static String get(HealthServer server, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    return answer.statusCode() + " " + answer.body();
  }
}
