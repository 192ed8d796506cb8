package orderup.kit;

import java.util.List;

/** The environment breaks rules: each line of the message names a key, its value and the rule. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  ConfigException(List<String> problems) {
    super("Invalid configuration:\n  " + String.join("\n  ", problems));
  }
}
