package orderup.fold;

/** The bytes end early, or a length, index or varint in them is impossible. */
final class NotDecodable extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Without a stack trace: a flood of malformed records must not cost one for each. */
  NotDecodable(String message) {
    super(message, null, false, false);
  }
}
