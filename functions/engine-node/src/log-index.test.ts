import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { indexBytesOf, LogIndex } from './log-index.ts'

/** All slots of a hash, as segments. */
function segmentsOf(index: LogIndex, hash: number): number[] {
  const segments: number[] = []
  for (let slot = index.first(hash); slot >= 0; slot = index.next(slot, hash))
    segments.push(index.segment(slot))
  return segments.toSorted((a, b) => a - b)
}

function insert(index: LogIndex, hash: number, segment: number): void {
  let slot = index.first(hash)
  while (slot >= 0) slot = index.next(slot, hash)
  index.insert(slot, hash, segment, segment * 8, 40)
}

test('holds what was inserted and not removed, whatever the hashes', () => {
  // neighbours in one table, far more than it has slots at first
  const hash = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer())
  const ops = fc.array(fc.tuple(hash, fc.boolean()), { maxLength: 300, size: 'max' })
  fc.assert(
    fc.property(ops, (all) => {
      const index = new LogIndex()
      const expected = new Map<number, number[]>()
      for (const [n, [hash, isNew]] of all.entries()) {
        const segments = expected.get(hash) ?? []
        if (isNew || segments.length === 0) {
          insert(index, hash, n)
          expected.set(hash, [...segments, n])
        } else {
          index.remove(index.find(hash, segments[0]!, segments[0]! * 8))
          expected.set(hash, segments.slice(1))
        }
      }
      for (const [hash, segments] of expected) assert.deepEqual(segmentsOf(index, hash), segments)
      assert.equal(index.size, [...expected.values()].flat().length)
    }),
    { numRuns: 300 },
  )
})

test('finds each of many thousand keys after growing, and takes no more memory than it says', (t) => {
  const before = process.memoryUsage().arrayBuffers
  const index = new LogIndex()
  const keys = 200_000
  const hashOf = (n: number) => Math.imul(n, 0x85ebca6b) & ~3 // low bits in common, as in a partition

  for (let n = 0; n < keys; n++) insert(index, hashOf(n), n)

  for (let n = 0; n < keys; n++) {
    const slot = index.find(hashOf(n), n, n * 8)
    assert.ok(slot >= 0)
    assert.deepEqual([index.position(slot), index.length(slot)], [n * 8, 40])
  }
  t.diagnostic(`${process.memoryUsage().arrayBuffers - before} of ${indexBytesOf(keys)} bytes`)
  assert.equal(index.size, keys)
})
