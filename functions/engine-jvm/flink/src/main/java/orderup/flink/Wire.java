package orderup.flink;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** How the parts of a record go from one task to another. */
final class Wire {
  private static final int NULL = -1;
  private static final Header[] NO_HEADERS = {};

  static void writeBytes(byte[] bytes, DataOutputView target) throws IOException {
    if (bytes == null) {
      target.writeInt(NULL);
      return;
    }
    target.writeInt(bytes.length);
    target.write(bytes);
  }

  static byte[] readBytes(DataInputView source) throws IOException {
    int length = source.readInt();
    if (length == NULL) return null;
    byte[] bytes = new byte[length];
    source.readFully(bytes);
    return bytes;
  }

  static void writeHeaders(Header[] headers, DataOutputView target) throws IOException {
    target.writeInt(headers.length);
    for (Header header : headers) {
      writeBytes(header.key().getBytes(StandardCharsets.UTF_8), target);
      writeBytes(header.value(), target);
    }
  }

  static Header[] readHeaders(DataInputView source) throws IOException {
    int count = source.readInt();
    if (count == 0) return NO_HEADERS;
    Header[] headers = new Header[count];
    for (int i = 0; i < count; i++) {
      String key = new String(readBytes(source), StandardCharsets.UTF_8);
      headers[i] = new RecordHeader(key, readBytes(source));
    }
    return headers;
  }

  private Wire() {}
}
