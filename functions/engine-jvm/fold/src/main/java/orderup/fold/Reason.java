package orderup.fold;

import java.util.Locale;

/**
 * Why a raw record is malformed, in the order in which the contract checks: the first failure is
 * the reason.
 */
public enum Reason {
  NULL_VALUE,
  FRAMING,
  UNKNOWN_SCHEMA_ID,
  NOT_DECODABLE,
  TRAILING_BYTES,
  INVALID_UTF8,
  NUMBER_OUT_OF_RANGE,
  FIELD_LIMITS,
  KEY_MISMATCH,
  PARTITION_MISMATCH,
  TYPE_MISMATCH,
  INVALID_CURRENCY,
  INVALID_QUANTITY,
  INVALID_AMOUNT,
  EVENT_TS_OUT_OF_RANGE;

  private final String header = name().toLowerCase(Locale.ROOT);

  /** The value of the header dlq-reason. */
  public String header() {
    return header;
  }
}
