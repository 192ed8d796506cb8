/**
 * The contract in Java: what a raw record is, what it makes of an order, and where the result goes.
 * Pure: no Kafka, no clock, no threads. An engine is a thin shell over it, for each record of raw:
 *
 * <ol>
 *   <li>{@link orderup.fold.RawDecoder} says what it is: an event, malformed, or of a schema to
 *       stop at;
 *   <li>{@link orderup.fold.Fold} takes the order's state on, which {@link
 *       orderup.fold.StateFormat} stores;
 *   <li>{@link orderup.fold.RowWriter} writes the row;
 *   <li>{@link orderup.fold.Shares}, {@link orderup.fold.Partitioner} and {@link
 *       orderup.fold.Outputs} say to which topic, and under which headers.
 * </ol>
 *
 * The rules and their TypeScript form are in schemas/ and functions/fold; the vectors in
 * schemas/vectors decide.
 */
package orderup.fold;
