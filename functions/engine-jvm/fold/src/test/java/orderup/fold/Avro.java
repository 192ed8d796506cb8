package orderup.fold;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/** Apache Avro's reader and writer of the same files: the second opinion. */
final class Avro {
  static final Schema RAW = new Schema.Parser().parse(Schemas.raw());
  static final Schema CURATED = new Schema.Parser().parse(Schemas.curated());

  /** A framed value's body, read whole. */
  static GenericRecord read(Schema schema, byte[] value) throws IOException {
    byte[] body = Arrays.copyOfRange(value, 5, value.length);
    BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(body, null);
    GenericRecord record = new GenericDatumReader<GenericRecord>(schema).read(null, decoder);
    if (!decoder.isEnd()) throw new IOException("bytes after the record");
    return record;
  }

  static byte[] write(GenericRecord record) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
    encoder.flush();
    return out.toByteArray();
  }

  /** A flat record (no record or array in it), as the vectors write it. */
  static ObjectNode json(GenericRecord record) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    for (Schema.Field field : record.getSchema().getFields())
      json.set(field.name(), json(record.get(field.pos())));
    return json;
  }

  private static JsonNode json(Object value) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (value == null) return nodes.nullNode();
    return value instanceof Number number
        ? nodes.numberNode(number.longValue())
        : nodes.textNode(value.toString());
  }

  private Avro() {}
}
