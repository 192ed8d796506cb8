/**
 * What both engines share around the fold: the environment and its rules, the schema registry, the
 * shares topic, health over HTTP, the life of a process. It knows neither Flink nor Kafka Streams.
 *
 * <p>Its words and codes are those of the Node engine (functions/kit, functions/engine-node): who
 * knows one engine's log knows all.
 */
package orderup.kit;
