package orderup.kit;

import orderup.fold.Decoded.NewerSchema;
import orderup.fold.Names;

/**
 * Going on would be wrong, now and after a restart: the engine stops loudly and is never retried.
 */
public final class EngineFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;
  private final String remedy;

  /**
   * @param code stable, as NEWER_SCHEMA
   * @param message what happened and why
   * @param remedy what to do next, ideally a command; null where there is none to give
   * @param cause null where there is none
   */
  public EngineFailure(String code, String message, String remedy, Throwable cause) {
    super(message, cause);
    this.code = code;
    this.remedy = remedy;
  }

  public EngineFailure(String code, String message, String remedy) {
    this(code, message, remedy, null);
  }

  /** A record of raw is of a schema that this code does not know. */
  public static EngineFailure newerSchema(NewerSchema newer, int partition, long offset) {
    return new EngineFailure(
        "NEWER_SCHEMA",
        "%s partition %d offset %d is of schema version %d (id %d), which this engine does not know"
            .formatted(Names.RAW_TOPIC, partition, offset, newer.version(), newer.id()),
        "deploy the engine of that version; nothing was skipped or dead-lettered");
  }

  public String code() {
    return code;
  }

  /** Null where there is none to give. */
  public String remedy() {
    return remedy;
  }

  /** The failure among an exception and its causes; null where there is none. */
  public static EngineFailure in(Throwable error) {
    for (Throwable at = error; at != null; at = at.getCause())
      if (at instanceof EngineFailure failure) return failure;
    return null;
  }

  /** "CODE: what happened (why). Next: what to do", of whatever was thrown. */
  public static String describe(Throwable error) {
    EngineFailure failure = in(error);
    Throwable what = failure == null ? error : failure;
    Throwable why = what.getCause();
    return (failure == null ? "" : failure.code + ": ")
        + (what.getMessage() == null ? what.getClass().getSimpleName() : what.getMessage())
        + (why == null ? "" : " (" + why + ")")
        + (failure == null || failure.remedy == null ? "" : "\n  Next: " + failure.remedy);
  }
}
