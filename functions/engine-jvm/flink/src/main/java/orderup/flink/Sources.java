package orderup.flink;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Where settings come from: flags ({@code --KEY value}), which win over the environment, which wins
 * over Managed Flink's application properties.
 */
final class Sources {
  /** where Managed Flink puts them, as its own runtime library reads them */
  static final Path APPLICATION_PROPERTIES = Path.of("/etc/flink/application_properties.json");

  private static final String GROUP = "order-up";
  private static final String FLAG = "--";

  /**
   * @param properties may not exist
   * @throws IllegalArgumentException where an argument is not half of a flag
   */
  static Map<String, String> merge(String[] args, Map<String, String> env, Path properties)
      throws IOException {
    Map<String, String> merged = new HashMap<>(applicationProperties(properties));
    merged.putAll(env);
    merged.putAll(flags(args));
    return merged;
  }

  private static Map<String, String> flags(String[] args) {
    Map<String, String> flags = new HashMap<>();
    for (int i = 0; i < args.length; i += 2) {
      if (!args[i].startsWith(FLAG) || i + 1 == args.length)
        throw new IllegalArgumentException(
            "Invalid arguments at \"" + args[i] + "\": flags are --KEY value");
      flags.put(args[i].substring(FLAG.length()), args[i + 1]);
    }
    return flags;
  }

  /** An array of {PropertyGroupId, PropertyMap}. */
  private static Map<String, String> applicationProperties(Path file) throws IOException {
    Map<String, String> found = new HashMap<>();
    if (!Files.exists(file)) return found;
    for (JsonNode group : new ObjectMapper().readTree(file.toFile()))
      if (GROUP.equals(group.path("PropertyGroupId").textValue()))
        for (var property : group.path("PropertyMap").properties())
          found.put(property.getKey(), property.getValue().asText());
    return found;
  }

  private Sources() {}
}
