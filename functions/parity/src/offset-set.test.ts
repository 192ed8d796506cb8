import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OffsetSet } from './offset-set.ts'

const offsets = fc.array(fc.oneof(fc.nat(200), fc.nat(40_000), fc.nat(2 ** 40)), { maxLength: 80 })

test('is a set of numbers', () => {
  fc.assert(
    fc.property(offsets, offsets, fc.nat(40_000), fc.nat(40_000), (a, b, from, length) => {
      const [setA, setB] = [new OffsetSet(), new OffsetSet()]
      const known = new Set<number>()
      for (const offset of a) {
        assert.equal(setA.add(offset), !known.has(offset))
        known.add(offset)
      }
      for (const offset of b) setB.add(offset)
      for (const offset of b) assert.equal(setA.has(offset), known.has(offset))
      const within = [...known].filter((offset) => offset >= from && offset < from + length)
      assert.deepEqual(setA.countWith(setB, from, from + length), {
        all: within.length,
        both: within.filter((offset) => b.includes(offset)).length,
      })
    }),
  )
})

test('forgets whole pages only, and nothing that is asked to stay', () => {
  const set = new OffsetSet()
  for (const offset of [0, 16_383, 16_384, 40_000]) set.add(offset)
  set.dropBelow(16_400)
  assert.deepEqual(
    [0, 16_383, 16_384, 40_000].map((offset) => set.has(offset)),
    [false, false, true, true],
  )
})
