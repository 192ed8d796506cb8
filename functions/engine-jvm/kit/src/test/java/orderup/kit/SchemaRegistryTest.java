package orderup.kit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import orderup.fold.Schemas;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SchemaRegistryTest {
  private static final String RAW = "/subjects/orders.events.raw-value/versions";
  private static final String CURATED = "/subjects/orders.orders.curated-value";

  /** "METHOD path" → status and body; anything else is not found. */
  private final Map<String, String> answers = new ConcurrentHashMap<>();

  private final List<String> asked = new ArrayList<>();
  private volatile String body;
  private volatile int unavailable;
  private HttpServer server;
  private SchemaRegistry registry;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String request = exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
          body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
          asked.add(request);
          String answer = answers.getOrDefault(request, "404 {\"error_code\":40401}");
          if (unavailable > 0) {
            unavailable--;
            answer = "503 busy";
          }
          byte[] bytes = answer.substring(4).getBytes(UTF_8);
          exchange.sendResponseHeaders(Integer.parseInt(answer.substring(0, 3)), bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    registry =
        new SchemaRegistry(URI.create("http://127.0.0.1:" + server.getAddress().getPort()), 10);
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void theCuratedSchemaIsLookedUpByItsText() throws Exception {
    answers.put("POST " + CURATED, "200 {\"subject\":\"s\",\"id\":4294967295,\"version\":1}");

    assertEquals(4_294_967_295L, registry.curatedId());
    assertEquals(Schemas.curated(), new ObjectMapper().readTree(body).get("schema").textValue());
  }

  @Test
  void aSchemaThatIsNotRegisteredEndsTheEngine() {
    EngineFailure failure = assertThrows(EngineFailure.class, registry::curatedId);

    assertEquals(
        "SCHEMA_NOT_REGISTERED: Subject orders.orders.curated-value does not hold this code's"
            + " schema\n"
            + "  Next: deploy the schemas first (`npm run order-up -- up` does so locally)",
        EngineFailure.describe(failure));
  }

  @Test
  void anAnswerThatMakesNoSenseEndsTheEngine() {
    answers.put("POST " + CURATED, "401 {\"message\":\"who?\"}");

    EngineFailure failure = assertThrows(EngineFailure.class, registry::curatedId);

    assertEquals("REGISTRY", failure.code());
    assertTrue(failure.getMessage().endsWith("answered 401 {\"message\":\"who?\"}"));
  }

  @Test
  void aRegistryThatIsAwayIsWaitedFor() throws Exception {
    answers.put("POST " + CURATED, "200 {\"id\":7}");
    unavailable = 2;

    assertEquals(7, registry.curatedId());
    assertEquals(3, asked.size());
  }

  @Test
  void whoeverWaitsIsWokenByAnInterrupt() {
    server.stop(0);
    Thread.currentThread().interrupt();

    assertThrows(InterruptedException.class, registry::curatedId);
  }

  @Test
  void anUnknownIdIsAskedForOnceBeforeItIsBelieved() throws Exception {
    answers.put("GET " + RAW, "200 [1]");
    answers.put("GET " + RAW + "/1", "200 {\"id\":9}");
    RawIds ids = new RawIds(registry);
    answers.put("GET " + RAW, "200 [1,2]");
    answers.put("GET " + RAW + "/2", "200 {\"id\":10}");
    asked.clear();

    assertTrue(ids.idsFor(framed(9)).contains(9));
    assertTrue(ids.knows(null) && ids.knows(new byte[] {1, 2, 3}));
    assertEquals(List.of(), asked);

    assertTrue(ids.idsFor(framed(10)).contains(10));
    assertEquals(List.of("GET " + RAW, "GET " + RAW + "/1", "GET " + RAW + "/2"), asked);

    assertFalse(ids.idsFor(framed(11)).contains(11));
    assertFalse(ids.knows(framed(11)));
    assertEquals(6, asked.size());
  }

  @Test
  void aSubjectThatIsNotThereHasNoIds() throws Exception {
    assertFalse(registry.rawIds().contains(1));
  }

  private static byte[] framed(int id) {
    return new byte[] {0, 0, 0, 0, (byte) id};
  }
}
