package orderup.kit;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves Prometheus metrics on /metrics, the engine's health on /healthz (200 or 503, with the same
 * details), and on /livez that it answers at all: what decides whether to start it anew, since a
 * restart cures no wait.
 */
public final class HealthServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HealthServer.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpServer server;
  private final ExecutorService threads;

  /**
   * @param healthy whether it processes
   * @param waitingFor in words; null = for nothing
   * @param webPage of the engine's own, a URL; null = it has none
   */
  public record Health(boolean healthy, String waitingFor, String webPage) {
    public Health(boolean healthy, String waitingFor) {
      this(healthy, waitingFor, null);
    }
  }

  /** Writes all metrics in Prometheus' text format. */
  public interface Metrics {
    void write(OutputStream out) throws IOException;
  }

  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  /**
   * @throws IOException as of a port that is taken
   */
  public HealthServer(EngineConfig config, Supplier<Health> health, Metrics metrics)
      throws IOException {
    server = HttpServer.create(new InetSocketAddress(config.httpHost(), config.httpPort()), 0);
    threads =
        Executors.newFixedThreadPool(
            2,
            work -> {
              Thread thread = new Thread(work, "http");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(threads);
    on("/livez", exchange -> answer(exchange, 200, "text/plain", new byte[0]));
    on("/healthz", exchange -> health(exchange, config, health.get()));
    on("/metrics", exchange -> metrics(exchange, metrics));
    server.start();
  }

  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void on(String path, Answer answer) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            if (exchange.getRequestURI().getPath().equals(path)) answer.to(exchange);
            else answer(exchange, 404, "text/plain", new byte[0]);
          } catch (RuntimeException | Error error) {
            // the server itself would drop it without a word
            LOG.error("no answer to {}", path, error);
            throw error;
          }
        });
  }

  private static void health(HttpExchange exchange, EngineConfig config, Health health)
      throws IOException {
    ObjectNode body =
        JSON.createObjectNode()
            .put("healthy", health.healthy)
            .put("deployment", config.deployment())
            .put("instance", config.instance());
    if (health.waitingFor != null) body.put("waiting_for", health.waitingFor);
    if (health.webPage != null) body.put("web_page", health.webPage);
    byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
    answer(exchange, health.healthy ? 200 : 503, "application/json", bytes);
  }

  private static void metrics(HttpExchange exchange, Metrics metrics) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    metrics.write(text);
    answer(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", text.toByteArray());
  }

  private static void answer(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("content-type", type);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }
}
