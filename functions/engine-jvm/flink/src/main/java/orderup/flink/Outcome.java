package orderup.flink;

import java.util.Locale;

/** What becomes of a raw record: exactly one of these. */
enum Outcome {
  APPLIED,
  DUPLICATE,
  DEAD_LETTER;

  /** As metrics name it. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
