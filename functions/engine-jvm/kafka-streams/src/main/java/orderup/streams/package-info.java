/**
 * The Kafka Streams engine. One task for each raw partition folds its records in order, with the
 * orders' states in RocksDB and in a changelog topic; rows, dead letters, states and offsets of a
 * thread are written in one transaction (exactly_once_v2).
 *
 * <p>What Kafka Streams does not do by itself is in four small places: where reading begins, and
 * the stop before a schema that is too new ({@link orderup.streams.RawConsumer}); counts of what
 * was committed ({@link orderup.streams.OpenTransaction}); the partition that a record keeps
 * ({@link orderup.streams.Output}); who is told of a failure ({@link orderup.streams.Failures}).
 */
package orderup.streams;
