package orderup.fold;

import static orderup.fold.SmallEvents.bytes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import orderup.fold.Decoded.OrderEvent;
import orderup.fold.Decoded.Rejected;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.Test;

/** The hand-written codec against Apache Avro's, on the schema files themselves. */
class AvroTest {
  private static final int SEEDS = 2_000;
  private static final int PARTITIONS = 4;
  private static final SchemaIds IDS = new SchemaIds(Map.of(1L, 1));
  private static final String[] TEXTS = {
    "x", "id-1", "\u00e9", "\u20ac\u0000", "\ud83d\udce6", "y".repeat(200)
  };

  @Test
  void anEventThatAvroWroteIsReadAsItWas() throws IOException {
    for (int seed = 0; seed < SEEDS; seed++) {
      GenericRecord record = event(new Random(seed));

      Decoded decoded = decode(record);

      OrderEvent event = assertInstanceOf(OrderEvent.class, decoded, () -> record + ": " + decoded);
      assertSame(record, event);
    }
  }

  private static Decoded decode(GenericRecord record) throws IOException {
    byte[] key = bytes(record.get("order_id").toString());
    return new RawDecoder(PARTITIONS)
        .decode(
            key,
            Vectors.framed(1, Avro.write(record)),
            Partitioner.partitionOf(key, PARTITIONS),
            IDS);
  }

  private static void assertSame(GenericRecord record, OrderEvent event) {
    assertArrayEquals(bytes(record.get("order_id").toString()), event.orderId());
    assertEquals(
        record.get("event_id").toString(), new UUID(event.idHigh(), event.idLow()).toString());
    assertEquals(record.get("event_type").toString(), event.type().name());
    assertEquals(record.get("event_ts"), event.ts());
    GenericRecord payload = (GenericRecord) record.get("payload");
    assertText(field(payload, "customer_id"), event.customerId());
    assertText(field(payload, "currency"), event.currency());
    assertEquals(field(payload, "shipping_amount"), event.shippingAmount());
    Object amount = field(payload, "amount");
    assertEquals(amount == null ? 0L : amount, event.amount());
    assertEquals(totals((List<?>) field(payload, "items")), event.items());
  }

  private static void assertText(Object expected, byte[] actual) {
    if (expected == null) assertNull(actual);
    else assertArrayEquals(bytes(expected.toString()), actual);
  }

  private static Object field(GenericRecord record, String name) {
    Schema.Field field = record.getSchema().getField(name);
    return field == null ? null : record.get(field.pos());
  }

  private static ItemTotals totals(List<?> items) {
    if (items == null) return null;
    int count = 0;
    long amount = 0;
    for (Object each : items) {
      GenericRecord item = (GenericRecord) each;
      count += (int) item.get("quantity");
      amount += (int) item.get("quantity") * (long) item.get("unit_amount");
    }
    return new ItemTotals(count, amount);
  }

  /**
   * A random event that the contract allows, built from the schema so that a new field is not
   * forgotten.
   */
  private static GenericRecord event(Random random) {
    GenericRecord record = new GenericData.Record(Avro.RAW);
    int rank = random.nextInt(EventType.BY_RANK.size());
    Schema type = Avro.RAW.getField("event_type").schema();
    record.put("event_id", new UUID(random.nextLong(), random.nextLong()).toString());
    record.put("event_type", new GenericData.EnumSymbol(type, type.getEnumSymbols().get(rank + 1)));
    record.put("event_ts", random.nextLong(Limits.MIN_EVENT_TS, Limits.MAX_EVENT_TS + 1));
    record.put("order_id", text(random));
    record.put(
        "payload",
        value("payload", Avro.RAW.getField("payload").schema().getTypes().get(rank + 1), random));
    record.put("schema_version", random.nextInt());
    return record;
  }

  private static Object value(String name, Schema schema, Random random) {
    return switch (schema.getType()) {
      case STRING -> name.equals("currency") ? "EUR" : text(random);
      case INT -> 1 + random.nextInt(1_000);
      case LONG -> random.nextLong(1L << random.nextInt(1, name.equals("unit_amount") ? 20 : 39));
      case UNION -> random.nextBoolean() ? null : value(name, schema.getTypes().get(1), random);
      case ARRAY -> {
        List<Object> items = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--)
          items.add(value(name, schema.getElementType(), random));
        yield items;
      }
      case RECORD -> {
        GenericRecord record = new GenericData.Record(schema);
        for (Schema.Field field : schema.getFields())
          record.put(field.pos(), value(field.name(), field.schema(), random));
        yield record;
      }
      default -> throw new IllegalArgumentException(schema.toString());
    };
  }

  private static String text(Random random) {
    return TEXTS[random.nextInt(TEXTS.length)];
  }

  @Test
  void bytesChangedAtRandomGiveAnEventThatAvroReadsAlikeOrAReason() throws IOException {
    int events = 0;
    for (int seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      byte[] value = mutate(Vectors.framed(1, Avro.write(event(random))), random);
      byte[] key = bytes(TEXTS[random.nextInt(TEXTS.length)]);

      Decoded decoded =
          new RawDecoder(PARTITIONS)
              .decode(key, value, Partitioner.partitionOf(key, PARTITIONS), IDS);

      if (decoded instanceof Rejected rejected) assertNotEquals("", rejected.detail());
      if (!(decoded instanceof OrderEvent event)) continue;
      events++;
      assertSame(Avro.read(Avro.RAW, value), event);
    }
    assertNotEquals(0, events / 100, "too coarse: hardly any record is still an event");
  }

  private static byte[] mutate(byte[] value, Random random) {
    byte[] changed =
        random.nextInt(4) == 0 ? Arrays.copyOf(value, random.nextInt(value.length + 4)) : value;
    if (changed.length > 5)
      changed[5 + random.nextInt(changed.length - 5)] = (byte) random.nextInt();
    return changed;
  }

  /**
   * A newer file in schemas/avro is a newer schema: this code must then learn it, or stop at it.
   */
  @Test
  void theSchemaFilesAreThoseThatThisCodeKnows() throws IOException, URISyntaxException {
    Path folder = Path.of(Schemas.class.getResource("/avro").toURI());
    try (var files = Files.list(folder)) {
      assertEquals(
          List.of(
              Names.RAW_SUBJECT + ".v" + Schemas.RAW_VERSION + ".json",
              Names.CURATED_SUBJECT + ".v" + Schemas.CURATED_VERSION + ".json"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
  }
}
