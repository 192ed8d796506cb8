package orderup.flink;

import org.apache.kafka.common.header.Header;

/**
 * A record of raw. A value: nobody changes its arrays, so that it is never copied.
 *
 * @param key null where the record has none
 * @param value null where the record has none
 * @param headers in the record's order
 */
public record RawRecord(int partition, long offset, byte[] key, byte[] value, Header[] headers) {}
