package orderup.flink;

import org.apache.kafka.common.header.Header;

/**
 * What the fold makes of a raw record: a row or a dead letter, and where it goes.
 *
 * @param key that of the raw record
 * @param value null where a dead letter's raw record has none
 */
public record OutRecord(
    String topic, int partition, byte[] key, byte[] value, Iterable<Header> headers) {}
