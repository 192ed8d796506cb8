import { crc32 } from 'node:zlib'

/** Kafka's default partition of a key: murmur2, sign bit cleared, mod n (Utils.murmur2 in kafka-clients). */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

/** The bucket 0…99 by which shares are given to deployments; of a dead letter, by its raw key (null = empty). */
export function bucketOf(key: Uint8Array | null): number {
  return crc32(key ?? new Uint8Array(0)) % 100
}

/** Kafka's hash of a key, as a signed 32-bit integer. */
export function murmur2(key: Uint8Array): number {
  const M = 0x5bd1e995
  const { length } = key
  let h = 0x9747b28c ^ length
  let i = 0
  for (; i + 4 <= length; i += 4) {
    let k = key[i]! | (key[i + 1]! << 8) | (key[i + 2]! << 16) | (key[i + 3]! << 24)
    k = Math.imul(k, M)
    k = Math.imul(k ^ (k >>> 24), M)
    h = Math.imul(h, M) ^ k
  }
  const rest = length - i
  if (rest === 3) h ^= key[i + 2]! << 16
  if (rest >= 2) h ^= key[i + 1]! << 8
  if (rest >= 1) h = Math.imul(h ^ key[i]!, M)
  h = Math.imul(h ^ (h >>> 13), M)
  return h ^ (h >>> 15)
}
