package orderup.kit;

/**
 * Sends the log to stderr, one line of JSON each, in the shape of the Node worker's. Libraries are
 * heard only from {@code error} on, and from {@code debug} on in full: a broker that restarts is no
 * news to a client that retries. Needs log4j on the class path.
 */
public final class LogSetup {
  /**
   * Must run before the first logger is made: an entry point's first line.
   *
   * @param name the engine's, in every line
   * @param level of {@link EngineConfig#logLevel}
   */
  public static void apply(String name, String level) {
    System.setProperty("log4j2.configurationFile", "classpath:order-up-log4j2.xml");
    System.setProperty("orderup.log.name", name);
    System.setProperty("orderup.log.level", level.equals("silent") ? "off" : level);
    System.setProperty("orderup.log.libraries", libraries(level));
  }

  private static String libraries(String level) {
    return switch (level) {
      case "silent" -> "off";
      case "fatal" -> "fatal";
      case "debug" -> "info";
      case "trace" -> "debug";
      default -> "error";
    };
  }

  private LogSetup() {}
}
