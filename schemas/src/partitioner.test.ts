import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { bucketOf, partitionOf } from './partitioner.ts'

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
