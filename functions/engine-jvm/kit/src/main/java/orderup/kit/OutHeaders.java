package orderup.kit;

import orderup.fold.Decoded.Rejected;
import orderup.fold.Outputs;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** What {@link Outputs} says of headers, as Kafka's. */
public final class OutHeaders {
  /** Of the row that a raw record became. */
  public static Headers ofRow(Outputs outputs, int partition, long offset) {
    Headers headers = new RecordHeaders();
    outputs.rowHeaders(partition, offset, headers::add);
    return headers;
  }

  /**
   * Of the dead letter that a raw record became.
   *
   * @param raw its headers
   */
  public static Headers ofDeadLetter(
      Outputs outputs, Iterable<Header> raw, Rejected rejected, int partition, long offset) {
    Headers headers = new RecordHeaders();
    for (Header header : raw)
      if (!Outputs.DEAD_LETTER_HEADERS.contains(header.key())) headers.add(header);
    outputs.deadLetterHeaders(rejected, partition, offset, headers::add);
    return headers;
  }

  private OutHeaders() {}
}
