package orderup.streams;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import orderup.fold.Names;
import orderup.fold.Vectors;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;

/** The whole topology without a broker; raw has one partition. */
final class TopologyRun implements AutoCloseable {
  static final long CURATED_ID = 0x11121314L;

  /** Whether the deployment owns the buckets of all keys. */
  boolean owned = true;

  private final Path dir;
  private final TopologyTestDriver driver;
  private final TestInputTopic<byte[], byte[]> raw;
  private long next;

  TopologyRun() {
    try {
      dir = Files.createTempDirectory("order-up-topology-");
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    Properties properties = new Properties();
    properties.put("state.dir", dir.toString());
    properties.put("application.id", "test");
    properties.put("bootstrap.servers", "127.0.0.1:9");
    driver =
        new TopologyTestDriver(
            OrdersTopology.of(
                new OrderProcessor.Plan(
                    "kafka-streams-1",
                    1,
                    CURATED_ID,
                    () -> Vectors.IDS,
                    key -> owned,
                    new Committed(false))),
            properties);
    raw =
        driver.createInputTopic(
            Names.RAW_TOPIC, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * @return its raw offset
   */
  long send(byte[] key, byte[] value, Headers headers) {
    raw.pipeInput(new TestRecord<>(key, value, headers, 0L));
    return next++;
  }

  long send(byte[] key, byte[] value) {
    return send(key, value, new RecordHeaders());
  }

  /** What was written to a topic since it was asked last. */
  List<TestRecord<byte[], byte[]>> written(String topic) {
    if (!driver.producedTopicNames().contains(topic)) return List.of();
    return driver
        .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readRecordsToList();
  }

  /** Forgets all orders; to make it anew would cost a RocksDB each time. */
  void forget() {
    KeyValueStore<byte[], byte[]> orders = driver.getKeyValueStore(OrderProcessor.STORE);
    List<byte[]> keys = new ArrayList<>();
    try (KeyValueIterator<byte[], byte[]> all = orders.all()) {
      all.forEachRemaining(order -> keys.add(order.key));
    }
    keys.forEach(orders::delete);
  }

  /** As "name=value name=value", in their order. */
  static String text(Headers headers) {
    List<String> all = new ArrayList<>();
    for (Header header : headers) all.add(header.key() + "=" + new String(header.value(), UTF_8));
    return String.join(" ", all);
  }

  @Override
  public void close() {
    driver.close(); // removes what it has there
    dir.toFile().delete();
  }
}
