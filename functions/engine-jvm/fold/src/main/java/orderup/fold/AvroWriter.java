package orderup.fold;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A growing buffer for Avro bodies. Reusable; for one thread. */
final class AvroWriter {
  private static final VarHandle FIXED64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private byte[] buffer;
  private int pos;

  /**
   * @param size initial capacity in bytes; doubles as needed
   */
  AvroWriter(int size) {
    buffer = new byte[size];
  }

  /** A copy of all that was written since the last call. */
  byte[] take() {
    byte[] taken = Arrays.copyOf(buffer, pos);
    pos = 0;
    return taken;
  }

  void writeByte(int value) {
    reserve(1);
    buffer[pos++] = (byte) value;
  }

  /** Confluent's frame: 0x00 and the schema id in four bytes. */
  void writeFrame(long schemaId) {
    writeByte(0);
    for (int shift = 24; shift >= 0; shift -= 8) writeByte((int) (schemaId >>> shift));
  }

  /** A zigzag varint. */
  void writeLong(long value) {
    reserve(10);
    long bits = value << 1 ^ value >> 63;
    while ((bits & ~0x7fL) != 0) {
      buffer[pos++] = (byte) (bits | 0x80);
      bits >>>= 7;
    }
    buffer[pos++] = (byte) bits;
  }

  /** Eight bytes, big-endian. */
  void writeFixed64(long value) {
    reserve(Long.BYTES);
    FIXED64.set(buffer, pos, value);
    pos += Long.BYTES;
  }

  /** A string or bytes: the length and the bytes. */
  void writeText(byte[] utf8) {
    writeLong(utf8.length);
    reserve(utf8.length);
    System.arraycopy(utf8, 0, buffer, pos, utf8.length);
    pos += utf8.length;
  }

  /** The branch of a union of null and one type. */
  void writePresent(boolean present) {
    writeByte(present ? 2 : 0);
  }

  private void reserve(int bytes) {
    if (buffer.length - pos >= bytes) return;
    buffer = Arrays.copyOf(buffer, Math.max(pos + bytes, buffer.length * 2));
  }
}
