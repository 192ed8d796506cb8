package orderup.flink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.Test;

class SerializersTest {
  private static final Header[] HEADERS = {
    new RecordHeader("é", new byte[0]),
    new RecordHeader("é", null),
    new RecordHeader("", bytes("x")),
  };

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static <T> DataInputDeserializer written(TypeSerializer<T> serializer, T value)
      throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(64);
    serializer.serialize(value, out);
    return new DataInputDeserializer(out.getCopyOfBuffer());
  }

  @Test
  void rawRecordsComeBackAsTheyWere() throws IOException {
    RawRecordSerializer serializer = new RawRecordSerializer();
    for (RawRecord record :
        List.of(
            new RawRecord(3, 1L << 40, bytes("o-1"), new byte[70_000], HEADERS),
            new RawRecord(0, 0, null, null, new Header[0]),
            new RawRecord(0, 1, new byte[0], new byte[0], new Header[0]))) {
      DataInputDeserializer in = written(serializer, record);

      RawRecord back = serializer.deserialize(in);

      assertEquals(0, in.available());
      assertEquals(record.partition(), back.partition());
      assertEquals(record.offset(), back.offset());
      assertArrayEquals(record.key(), back.key());
      assertArrayEquals(record.value(), back.value());
      assertArrayEquals(record.headers(), back.headers());
      assertSame(record, serializer.copy(record));
    }
  }

  @Test
  void recordsOutComeBackAsTheyWere() throws IOException {
    OutRecordSerializer serializer = new OutRecordSerializer();
    OutRecord record = new OutRecord("topic", 7, null, null, List.of(HEADERS));
    DataInputDeserializer in = written(serializer, record);

    OutRecord back = serializer.deserialize(in);

    assertEquals(0, in.available());
    assertEquals(new OutRecord("topic", 7, null, null, List.of(HEADERS)), back);
  }

  @Test
  void everyKeyIsItsOwn() {
    RawKey keys = new RawKey();
    Header[] none = {};
    String notUtf8 = keys.getKey(new RawRecord(0, 0, new byte[] {(byte) 0xff}, null, none));
    String alsoNot = keys.getKey(new RawRecord(0, 0, new byte[] {(byte) 0xfe}, null, none));
    String empty = keys.getKey(new RawRecord(0, 0, new byte[0], null, none));
    String missing = keys.getKey(new RawRecord(0, 0, null, null, none));

    assertNotEquals(notUtf8, alsoNot);
    assertNotEquals(empty, missing);
    assertEquals("ÿ", notUtf8);
  }
}
