package orderup.fold;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The contract's vectors: schemas/vectors/README.md says what each field means. */
public final class Vectors {
  public static final long KNOWN = 0x01020304L;
  public static final long NEWER = 0x05060708L;
  static final long UNKNOWN = 0x0a0b0c0dL;
  public static final SchemaIds IDS =
      new SchemaIds(Map.of(KNOWN, Schemas.RAW_VERSION, NEWER, Schemas.RAW_VERSION + 1));

  private static final ObjectMapper JSON = new ObjectMapper();

  public record Vector(String file, String name, JsonNode steps) {}

  public static List<Vector> load() throws IOException {
    List<Vector> vectors = new ArrayList<>();
    for (Path file : files()) {
      JsonNode content = JSON.readTree(file.toFile());
      if (content.get("contract").intValue() != Names.CONTRACT_VERSION)
        throw new IOException("contract of " + file);
      for (JsonNode vector : content.get("vectors"))
        vectors.add(
            new Vector(
                file.getFileName().toString(),
                vector.get("name").textValue(),
                vector.get("steps")));
    }
    return vectors;
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(Path.of(Vectors.class.getResource("/vectors").toURI()))) {
      return all.filter(
              file -> file.getFileName().toString().matches("(fold|accept|reject)-.*\\.json"))
          .sorted()
          .toList();
    } catch (URISyntaxException error) {
      throw new IOException(error);
    }
  }

  static JsonNode placement() throws IOException {
    try (InputStream in = Vectors.class.getResourceAsStream("/vectors/placement.json")) {
      return JSON.readTree(in);
    }
  }

  public static byte[] key(JsonNode step) {
    JsonNode key = step.get("key");
    if (key.isNull()) return null;
    return key.has("utf8")
        ? key.get("utf8").textValue().getBytes(StandardCharsets.UTF_8)
        : hex(key.get("hex"));
  }

  /**
   * @param i which of the step's {@code times}, from 0
   */
  public static byte[] value(JsonNode step, int i) {
    JsonNode value = step.get("value");
    if (value.isNull()) return null;
    if (value.has("bytes")) return expand(value.get("bytes"));
    byte[] body = expand(value.get("avro"));
    if (step.has("times")) {
      byte[] digits = "%012d".formatted(i).getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(digits, 0, body, 25, digits.length);
    }
    return framed(
        switch (value.get("schema_id").textValue()) {
          case "known" -> KNOWN;
          case "newer" -> NEWER;
          case "unknown" -> UNKNOWN;
          default -> throw new IllegalArgumentException(value.get("schema_id").toString());
        },
        body);
  }

  public static byte[] framed(long schemaId, byte[] body) {
    byte[] value = new byte[5 + body.length];
    for (int i = 0; i < 4; i++) value[1 + i] = (byte) (schemaId >>> 24 - 8 * i);
    System.arraycopy(body, 0, value, 5, body.length);
    return value;
  }

  private static byte[] expand(JsonNode bytes) {
    if (bytes.isTextual()) return hex(bytes);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (JsonNode piece : bytes) {
      byte[] once = hex(piece.isTextual() ? piece : piece.get("hex"));
      int times = piece.isTextual() ? 1 : piece.get("times").intValue();
      for (int i = 0; i < times; i++) all.writeBytes(once);
    }
    return all.toByteArray();
  }

  static byte[] hex(JsonNode text) {
    return HexFormat.of().parseHex(text.textValue());
  }

  private Vectors() {}
}
