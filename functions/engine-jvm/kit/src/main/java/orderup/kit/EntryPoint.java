package orderup.kit;

import java.io.IOException;

/** What comes before a log: its level and its name are in the settings. */
public final class EntryPoint {
  /** Reads an engine's settings. */
  public interface Settings<T> {
    T read() throws ConfigException, IOException;
  }

  /**
   * What was read; where it is wrong, that is said on stderr and the process exits: with 2 for a
   * wrong configuration, with 1 for a secret that cannot be had.
   */
  public static <T> T settingsOrExit(Settings<T> settings) throws IOException {
    int status = 2;
    String problem;
    try {
      return settings.read();
    } catch (ConfigException | IllegalArgumentException error) {
      problem = error.getMessage();
    } catch (EngineFailure error) {
      problem = EngineFailure.describe(error);
      status = 1;
    }
    System.err.println(problem);
    System.exit(status);
    throw new IllegalStateException(problem);
  }

  private EntryPoint() {}
}
