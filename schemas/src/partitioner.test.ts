import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { crc32 } from 'node:zlib'
import {
  bucketOf,
  bucketOfRange,
  murmur2,
  murmur2Of,
  partitionOf,
  partitionOfHash,
} from './partitioner.ts'

const anyKey = fc.uint8Array({ maxLength: 40 })
const around = fc.uint8Array({ maxLength: 8 })

// From Kafka's own UtilsTest.testMurmur2; the fifth is its longest.
const KAFKAS: readonly [string, number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

test('the hash is that of Kafka\u2019s clients, with the sign bit cleared', () => {
  for (const [key, murmur2] of KAFKAS)
    assert.equal(partitionOf(Buffer.from(key), 2 ** 31), murmur2 & 0x7fffffff, key)
})

test('any key lies where kafkajs puts it', () => {
  const partitioner = Partitioners.DefaultPartitioner()
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 70 }),
      fc.integer({ min: 1, max: 100 }),
      (bytes, partitions) => {
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
          partitionId,
          partitionErrorCode: 0,
          leader: 0,
          replicas: [],
          isr: [],
        }))
        const key = Buffer.from(bytes)
        const theirs = partitioner({ topic: 't', partitionMetadata, message: { key, value: null } })
        assert.equal(partitionOf(bytes, partitions), theirs)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('a bucket is CRC-32 mod 100, of no bytes for a null key', () => {
  assert.equal(bucketOf(Buffer.from('123456789')), 0xcbf43926 % 100) // the check value of CRC-32
  assert.equal(bucketOf(Buffer.alloc(0)), 0)
  assert.equal(bucketOf(null), 0)
})

test('a bucket is that of zlib\u2019s CRC-32, and is the same wherever the key lies', () => {
  fc.assert(
    fc.property(anyKey, around, around, (key, before, after) => {
      const buf = Buffer.concat([before, key, after])
      assert.equal(bucketOf(key), crc32(key) % 100)
      assert.equal(bucketOfRange(buf, before.length, key.length), bucketOf(key))
    }),
  )
  assert.equal(bucketOfRange(Buffer.from('x'), 1, -1), bucketOf(null))
})

test('a partition is the same wherever the key lies', () => {
  fc.assert(
    fc.property(anyKey, around, around, (key, before, after) => {
      const buf = Buffer.concat([before, key, after])
      const hash = murmur2Of(buf, before.length, key.length)
      assert.equal(hash, murmur2(key))
      assert.equal(partitionOfHash(hash, 24), partitionOf(key, 24))
    }),
  )
})
