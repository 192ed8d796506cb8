package orderup.kit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Reads keys of an environment and remembers what is wrong with them, so that all of it is said at
 * once: read every key, then {@link #check}.
 */
public final class ConfigKeys {
  /** keys whose values belong in no log */
  private static final Pattern SECRET = Pattern.compile(".*(PASSWORD|PRIVATE_KEY)");

  private final Map<String, String> env;
  private final List<String> problems = new ArrayList<>();

  public ConfigKeys(Map<String, String> env) {
    this.env = env;
  }

  /**
   * @param standard where the key is not set; may be null
   */
  public String text(String key, String standard) {
    String value = env.get(key);
    if (value == null) return standard;
    if (value.isEmpty()) broken(key, "at least 1 character");
    return value;
  }

  /**
   * @param rule in words
   */
  public String matching(String key, String standard, Pattern pattern, String rule) {
    String value = text(key, standard);
    if (value != null && !pattern.matcher(value).matches()) broken(key, rule);
    return value;
  }

  public String choice(String key, String standard, List<String> choices) {
    String value = env.getOrDefault(key, standard);
    if (!choices.contains(value)) broken(key, "one of " + String.join(", ", choices));
    return value;
  }

  /**
   * @param min inclusive
   * @param max inclusive
   */
  public int integer(String key, int standard, int min, int max) {
    String value = env.get(key);
    if (value == null) return standard;
    try {
      long number = Long.parseLong(value.trim());
      if (number >= min && number <= max) return (int) number;
    } catch (NumberFormatException noNumber) {
      // as wrong as one out of bounds
    }
    broken(key, "an integer of " + min + " to " + max);
    return standard;
  }

  /** Remembers that a key breaks a rule; its value is shown unless it is a secret. */
  public void broken(String key, String rule) {
    String value = env.get(key);
    if (value == null) problems.add(key + " is not set: " + rule);
    else if (SECRET.matcher(key).matches() && !value.isEmpty())
      problems.add(key + "=(not shown): " + rule);
    else problems.add(key + "=\"" + value + "\": " + rule);
  }

  /** Remembers a rule that goes across keys, without the value. */
  void brokenBySet(String key, String rule) {
    problems.add(key + " is set: " + rule);
  }

  /**
   * @throws ConfigException where any key was broken
   */
  public void check() throws ConfigException {
    if (!problems.isEmpty()) throw new ConfigException(problems);
  }
}
