package orderup.flink;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.java.functions.KeySelector;

/**
 * By what raw records are spread over the fold's subtasks: their key's bytes, one character a byte,
 * so that every key has one, be it UTF-8 or not. Records without a key are one key of their own.
 */
final class RawKey implements KeySelector<RawRecord, String> {
  private static final long serialVersionUID = 1L;

  /** no byte is this character */
  private static final String NONE = "\u0100";

  @Override
  public String getKey(RawRecord record) {
    byte[] key = record.key();
    return key == null ? NONE : new String(key, StandardCharsets.ISO_8859_1);
  }
}
