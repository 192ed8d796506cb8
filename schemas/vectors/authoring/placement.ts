import { partitionByKafkajs } from './murmur2.ts'
import type { PlacementFile } from '../index.ts'

const utf8 = (text: string) => Buffer.from(text).toString('hex')

// Every length mod 4, bytes with the sign bit, the keys of Kafka's own UtilsTest, and hashes that are negative.
const KEYS = [
  null,
  '',
  ...['a', 'ab', 'abc', 'abcd', 'abcde', 'o-1', 'o-2', 'o-17', '123456789'].map(utf8),
  ...['21', 'foobar', 'a-little-bit-long-string', 'a-little-bit-longer-string'].map(utf8),
  utf8('lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8'),
  utf8('e481f51cbdc54678b7cc49136f2d6af7'),
  ...['\u00e9', 'stra\u00dfe-9', '\u6ce8\u6587-1', '\u{1f4e6}', '\ufeffx'].map(utf8),
  '00',
  'ff',
  '80818283',
  'fffefdfcfbfaf9',
  '7f80ff00',
  '61'.repeat(1_024),
]

const PARTITION_COUNTS = [1, 2, 3, 4, 6, 7, 12, 50, 100]

/** CRC-32 by its definition, bit by bit: nothing shared with zlib. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

/** Where keys go. A null key has a bucket (that of a dead letter) and no partition. */
export const placement: PlacementFile['keys'] = KEYS.map((key) => {
  const bytes = Buffer.from(key ?? '', 'hex')
  return {
    key,
    bucket: crc32(bytes) % 100,
    partitions: Object.fromEntries(
      key === null ? [] : PARTITION_COUNTS.map((n) => [n, partitionByKafkajs(bytes, n)]),
    ),
  }
})
