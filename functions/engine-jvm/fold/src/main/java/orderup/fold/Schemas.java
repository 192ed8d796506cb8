package orderup.fold;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The contract's Avro files, as they lie in schemas/avro; as JSON without blanks. */
public final class Schemas {
  /** The newest version of each subject that this code knows. */
  static final int RAW_VERSION = 1;

  static final int CURATED_VERSION = 1;

  /** The schema that this code reads from the raw subject. */
  public static String raw() {
    return read(Names.RAW_SUBJECT, RAW_VERSION);
  }

  /**
   * The schema that this code writes to the curated subject. It is the text that a deploy
   * registered, so that a registry which compares text finds its id.
   */
  public static String curated() {
    return read(Names.CURATED_SUBJECT, CURATED_VERSION);
  }

  private static String read(String subject, int version) {
    String name = "/avro/" + subject + ".v" + version + ".json";
    try (InputStream in = Schemas.class.getResourceAsStream(name)) {
      if (in == null)
        throw new IllegalStateException(name + " is not in the jar: it comes from schemas/avro");
      return new ObjectMapper().readTree(in).toString();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private Schemas() {}
}
