package orderup.kit;

import java.util.Locale;

/** What becomes of a raw record: exactly one of these. */
public enum Outcome {
  APPLIED,
  DUPLICATE,
  DEAD_LETTER;

  /** As metrics name it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
