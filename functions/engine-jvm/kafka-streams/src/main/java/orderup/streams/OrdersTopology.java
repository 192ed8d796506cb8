package orderup.streams;

import java.util.Map;
import orderup.fold.Names;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.Stores;

/** raw → fold, with the orders' states → curated, dead letters, or their shadows. */
final class OrdersTopology {
  /** Kafka Streams drops a record whose time is negative; here its time has no meaning. */
  private static final TimestampExtractor TIME =
      (record, partitionTime) -> Math.max(0, record.timestamp());

  static Topology of(OrderProcessor.Plan plan) {
    return new Topology()
        .addSource(
            // where reading begins is RawConsumer's business
            AutoOffsetReset.none(),
            "raw",
            TIME,
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            Names.RAW_TOPIC)
        .addProcessor("fold", () -> new OrderProcessor(plan), "raw")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.persistentKeyValueStore(OrderProcessor.STORE),
                    Serdes.ByteArray(),
                    Serdes.ByteArray())
                .withCachingDisabled()
                .withLoggingEnabled(Map.of()),
            "fold")
        .addSink(
            "out", Output.TOPIC, new ByteArraySerializer(), Output.VALUE, Output.PARTITION, "fold");
  }

  private OrdersTopology() {}
}
