package orderup.fold;

import static orderup.fold.Reason.EVENT_TS_OUT_OF_RANGE;
import static orderup.fold.Reason.FIELD_LIMITS;
import static orderup.fold.Reason.FRAMING;
import static orderup.fold.Reason.INVALID_AMOUNT;
import static orderup.fold.Reason.INVALID_CURRENCY;
import static orderup.fold.Reason.INVALID_QUANTITY;
import static orderup.fold.Reason.INVALID_UTF8;
import static orderup.fold.Reason.KEY_MISMATCH;
import static orderup.fold.Reason.NOT_DECODABLE;
import static orderup.fold.Reason.NULL_VALUE;
import static orderup.fold.Reason.NUMBER_OUT_OF_RANGE;
import static orderup.fold.Reason.PARTITION_MISMATCH;
import static orderup.fold.Reason.TRAILING_BYTES;
import static orderup.fold.Reason.TYPE_MISMATCH;
import static orderup.fold.Reason.UNKNOWN_SCHEMA_ID;

import java.util.Arrays;
import orderup.fold.Decoded.NewerSchema;
import orderup.fold.Decoded.OrderEvent;
import orderup.fold.Decoded.Rejected;

/** Decides what a raw record is. Reusable; for one thread. */
public final class RawDecoder {
  /** what {@link #frameId} gives where there is no frame */
  public static final long NO_FRAME = -1;

  private static final int FRAME_BYTES = 5;

  private final int partitions;
  private final AvroReader reader = new AvroReader();
  private final EventBody body = new EventBody(reader);

  /**
   * @param partitions of the raw topic
   */
  public RawDecoder(int partitions) {
    this.partitions = partitions;
  }

  /**
   * The schema id of a Confluent-framed value, from 0 to 2³²−1; {@link #NO_FRAME} where there is no
   * frame.
   */
  public static long frameId(byte[] value) {
    if (value.length < FRAME_BYTES || value[0] != 0) return NO_FRAME;
    return (value[1] & 0xffL) << 24
        | (value[2] & 0xff) << 16
        | (value[3] & 0xff) << 8
        | value[4] & 0xff;
  }

  /**
   * Where this value is of a schema newer than this code, that schema; null otherwise. For whoever
   * must know before anything is decoded.
   *
   * @param value null where the record has none
   */
  public static NewerSchema newerSchema(byte[] value, SchemaIds ids) {
    long id = value == null ? NO_FRAME : frameId(value);
    int version = ids.versionOf(id);
    return version > Schemas.RAW_VERSION ? new NewerSchema(id, version) : null;
  }

  /**
   * Never throws: the answer is an event, a rejection or a schema newer than this code.
   *
   * @param key null where the record has none; the event keeps the array
   * @param value null where the record has none
   * @param ids all ids of the raw subject. On an unknown one the caller asks the registry again,
   *     once, before it believes the answer: see {@link SchemaIds#contains} and {@link #frameId}.
   */
  public Decoded decode(byte[] key, byte[] value, int partition, SchemaIds ids) {
    if (value == null) return new Rejected(NULL_VALUE, "the record has no value");
    long id = frameId(value);
    if (id == NO_FRAME) return new Rejected(FRAMING, "no Confluent frame (0x00 and a 4-byte id)");
    int version = ids.versionOf(id);
    if (version == SchemaIds.UNKNOWN) return new Rejected(UNKNOWN_SCHEMA_ID, "schema id " + id);
    if (version > Schemas.RAW_VERSION) return new NewerSchema(id, version);

    try {
      body.read(value, FRAME_BYTES);
    } catch (NotDecodable error) {
      return new Rejected(NOT_DECODABLE, error.getMessage());
    }
    Rejected rejected = checkStructure();
    if (rejected == null) rejected = checkPlace(key, value, partition);
    if (rejected == null) rejected = checkContent();
    return rejected == null ? event(key) : rejected;
  }

  private Rejected checkStructure() {
    int rest = reader.remaining();
    if (rest > 0) return new Rejected(TRAILING_BYTES, rest + " bytes after the record");
    if (reader.invalidUtf8()) return new Rejected(INVALID_UTF8, "a string is not UTF-8");
    if (reader.outOfRange())
      return new Rejected(NUMBER_OUT_OF_RANGE, "an int beyond 32 bits or a long beyond 2^53-1");
    return body.limitFault == null ? null : new Rejected(FIELD_LIMITS, body.limitFault);
  }

  private Rejected checkPlace(byte[] key, byte[] value, int partition) {
    int start = body.orderIdStart;
    boolean same =
        key != null && Arrays.equals(key, 0, key.length, value, start, start + body.orderIdLength);
    if (!same) return new Rejected(KEY_MISMATCH, "the key is not the order_id");
    if (Partitioner.partitionOf(key, partitions) == partition) return null;
    return new Rejected(PARTITION_MISMATCH, "the record is not on the partition of its key");
  }

  private Rejected checkContent() {
    if (body.type == 0 || body.type != body.branch)
      return new Rejected(
          TYPE_MISMATCH, "event_type " + body.type + " with payload " + body.branch);
    if (body.currencyFault != null) return new Rejected(INVALID_CURRENCY, body.currencyFault);
    if (body.quantityFault != null) return new Rejected(INVALID_QUANTITY, body.quantityFault);
    if (body.amountFault != null) return new Rejected(INVALID_AMOUNT, body.amountFault);
    if (body.ts < Limits.MIN_EVENT_TS || body.ts > Limits.MAX_EVENT_TS)
      return new Rejected(EVENT_TS_OUT_OF_RANGE, "event_ts " + body.ts);
    return null;
  }

  private OrderEvent event(byte[] key) {
    return new OrderEvent(
        key,
        body.idHigh,
        body.idLow,
        EventType.BY_RANK.get(body.type - 1),
        body.ts,
        body.customerId,
        body.currency,
        body.items,
        body.shippingAmount,
        body.amount);
  }
}
