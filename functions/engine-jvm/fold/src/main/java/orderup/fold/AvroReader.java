package orderup.fold;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A strict cursor over one Avro body. Avro's own reader is lax where the contract is not: it
 * replaces invalid UTF-8, drops bits of overlong varints, cuts lengths to 32 bits. What does not
 * stop the reading (bad UTF-8, a number out of range) is noted in a flag, because a structural
 * failure further on takes precedence. Reusable; for one thread.
 */
final class AvroReader {
  private static final long MAX = Limits.MAX_LONG;
  private static final int LAST_SHIFT = 63;
  private static final VarHandle FIXED64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final CharsetDecoder utf8 =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final CharBuffer discarded = CharBuffer.allocate(256);

  private byte[] bytes;
  private int pos;
  private int textStart;
  private boolean invalidUtf8;
  private boolean outOfRange;

  AvroReader reset(byte[] bytes, int from) {
    this.bytes = bytes;
    pos = from;
    textStart = from;
    invalidUtf8 = false;
    outOfRange = false;
    return this;
  }

  int remaining() {
    return bytes.length - pos;
  }

  /** Whether some string so far was not UTF-8. */
  boolean invalidUtf8() {
    return invalidUtf8;
  }

  /** Whether some int so far was beyond 32 bits, or some long beyond ±(2⁵³−1). */
  boolean outOfRange() {
    return outOfRange;
  }

  /** A zigzag varint of at most 10 bytes; beyond ±(2⁵³−1) it is flagged and read as 0. */
  long readLong() {
    long bits = 0;
    boolean lost = false;
    for (int shift = 0; ; shift += 7) {
      if (shift > LAST_SHIFT)
        throw new NotDecodable("a varint of more than 10 bytes ends at " + pos);
      int next = readByte();
      bits |= (long) (next & 0x7f) << shift;
      if (shift == LAST_SHIFT) lost = (next & 0x7e) != 0;
      if (next < 0x80) break;
    }
    long value = (bits >>> 1) ^ -(bits & 1);
    if (!lost && value >= -MAX && value <= MAX) return value;
    outOfRange = true;
    return 0;
  }

  int readInt() {
    long value = readLong();
    if (value == (int) value) return (int) value;
    outOfRange = true;
    return 0;
  }

  /** Moves past a string and returns its length in bytes; {@link #text} is what it was. */
  int readText() {
    long length = readSize("length");
    if (length > remaining()) throw new NotDecodable("a string runs past the end");
    textStart = pos;
    pos += (int) length;
    checkUtf8(textStart, pos);
    return (int) length;
  }

  /** A copy of the bytes of the string that was read last. */
  byte[] text() {
    return Arrays.copyOfRange(bytes, textStart, pos);
  }

  /** Where the string that was read last begins in the bytes given to {@link #reset}. */
  int textStart() {
    return textStart;
  }

  private void checkUtf8(int start, int end) {
    for (int i = start; i < end; i++) {
      if (bytes[i] >= 0) continue;
      if (!isUtf8(i, end)) invalidUtf8 = true;
      return;
    }
  }

  private boolean isUtf8(int start, int end) {
    ByteBuffer in = ByteBuffer.wrap(bytes, start, end - start);
    utf8.reset();
    while (true) {
      var result = utf8.decode(in, discarded.clear(), true);
      if (result.isError()) return false;
      if (result.isUnderflow()) return true;
    }
  }

  /** The index of an enum symbol or union branch, below {@code count}. */
  int readIndex(int count) {
    long index = readSize("index");
    if (index >= count) throw new NotDecodable("index " + index + " of " + count);
    return (int) index;
  }

  /** The branch of a union of null and one type: whether the value is there. */
  boolean readPresent() {
    return readIndex(2) == 1;
  }

  /** How many items the next block of an array has; 0 ends the array. */
  long readBlockCount() {
    long count = readStructural();
    if (count >= 0) return count;
    readSize("block size"); // what follows is counted anyway, as in Avro's own reader
    return -count;
  }

  private long readSize(String what) {
    long value = readStructural();
    if (value < 0) throw new NotDecodable("negative " + what);
    return value;
  }

  /** A number that shapes what follows: out of range it makes the bytes undecodable. */
  private long readStructural() {
    boolean flagged = outOfRange;
    outOfRange = false;
    long value = readLong();
    if (outOfRange) throw new NotDecodable("an impossible length or index");
    outOfRange = flagged;
    return value;
  }

  int readByte() {
    if (pos >= bytes.length) throw new NotDecodable("the bytes end early");
    return bytes[pos++] & 0xff;
  }

  /** Eight bytes, big-endian. */
  long readFixed64() {
    if (remaining() < Long.BYTES) throw new NotDecodable("the bytes end early");
    pos += Long.BYTES;
    return (long) FIXED64.get(bytes, pos - Long.BYTES);
  }
}
