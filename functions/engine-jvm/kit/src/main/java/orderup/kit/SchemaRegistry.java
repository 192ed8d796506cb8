package orderup.kit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import orderup.fold.Names;
import orderup.fold.SchemaIds;
import orderup.fold.Schemas;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Confluent's Schema Registry API, as far as an engine needs it. One that does not answer is waited
 * for as long as it takes, saying so; whoever waits is woken by an interrupt. For many threads.
 */
public final class SchemaRegistry {
  private static final Logger LOG = LoggerFactory.getLogger(SchemaRegistry.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(10);
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(ANSWERS_WITHIN)
          .build();
  private final URI root;
  private final long retryMs;

  private record Answer(int status, JsonNode body) {}

  /**
   * @param root of the API, as http://127.0.0.1:8081/apis/ccompat/v7
   */
  public SchemaRegistry(URI root) {
    this(root, 1_000);
  }

  SchemaRegistry(URI root, long retryMs) {
    this.root = root;
    this.retryMs = retryMs;
  }

  /**
   * The id under which exactly this code's curated schema is registered.
   *
   * @throws EngineFailure {@code SCHEMA_NOT_REGISTERED}; {@code REGISTRY} where its answer makes no
   *     sense
   */
  public long curatedId() throws InterruptedException {
    String subject = Names.CURATED_SUBJECT;
    String body = JSON.createObjectNode().put("schema", Schemas.curated()).toString();
    Answer found =
        ask(
            request(path(subject)).header("content-type", CONTENT_TYPE),
            BodyPublishers.ofString(body));
    if (found.status == 200) return idIn(found, "Look-up in " + subject);
    if (found.status != 404) throw unexpected("Look-up in " + subject, found);
    throw new EngineFailure(
        "SCHEMA_NOT_REGISTERED",
        "Subject " + subject + " does not hold this code's schema",
        "deploy the schemas first (`npm run order-up -- up` does so locally)");
  }

  /**
   * Every id of the raw subject with its version; an absent subject has none.
   *
   * @throws EngineFailure {@code REGISTRY} where its answer makes no sense
   */
  public SchemaIds rawIds() throws InterruptedException {
    String subject = Names.RAW_SUBJECT;
    Map<Long, Integer> versions = new HashMap<>();
    Answer listed = ask(request(path(subject) + "/versions"), null);
    if (listed.status == 404) return new SchemaIds(versions);
    if (listed.status != 200 || !listed.body.isArray())
      throw unexpected("Versions of " + subject, listed);
    for (JsonNode version : listed.body) {
      Answer one = ask(request(path(subject) + "/versions/" + version.asInt()), null);
      String what = subject + " version " + version;
      if (one.status != 200) throw unexpected(what, one);
      versions.put(idIn(one, what), version.asInt());
    }
    return new SchemaIds(versions);
  }

  private static long idIn(Answer answer, String what) {
    JsonNode id = answer.body.path("id");
    if (!id.isIntegralNumber()) throw unexpected(what, answer);
    return id.longValue();
  }

  private static EngineFailure unexpected(String what, Answer answer) {
    return new EngineFailure(
        "REGISTRY",
        what + ": the registry answered " + answer.status + " " + answer.body,
        "check SCHEMA_REGISTRY_URL");
  }

  private static String path(String subject) {
    return "/subjects/" + URLEncoder.encode(subject, StandardCharsets.UTF_8);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(root + path)).timeout(ANSWERS_WITHIN);
  }

  /**
   * @param body null = GET
   */
  private Answer ask(HttpRequest.Builder request, HttpRequest.BodyPublisher body)
      throws InterruptedException {
    HttpRequest built = body == null ? request.build() : request.POST(body).build();
    for (; ; ) {
      String why;
      try {
        HttpResponse<String> response = http.send(built, BodyHandlers.ofString());
        if (response.statusCode() < 500)
          return new Answer(response.statusCode(), json(response.body()));
        why = "it answers " + response.statusCode();
      } catch (IOException error) {
        why = error.toString();
      }
      LOG.warn("waiting for the schema registry at {}: {}", root, why);
      Thread.sleep(retryMs);
    }
  }

  private static JsonNode json(String text) throws IOException {
    JsonNode body = JSON.readTree(text);
    return body == null ? MissingNode.getInstance() : body;
  }
}
