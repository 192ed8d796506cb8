import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from './random.ts'

const take = (seed: number, count: number) => {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => random.uint32())
}

test('a seed decides the sequence, on every machine', () => {
  assert.deepEqual(take(1, 3), [1779833415, 2026416846, 1661539736])
})

test('seeds that differ in one bit have nothing in common', () => {
  const seed = fc.maxSafeInteger()
  fc.assert(
    fc.property(seed, fc.integer({ min: 0, max: 52 }), (a, bit) => {
      const b = Number(BigInt.asIntN(53, BigInt(a) ^ (1n << BigInt(bit))))
      const seen = new Set(take(a, 200))
      const common = take(b, 200).filter((n) => seen.has(n)).length
      assert.ok(common <= 1, `${common} of 200 numbers of seeds ${a} and ${b} are the same`)
    }),
  )
})

test('every bit of a number is set half of the time', () => {
  const numbers = take(42, 20_000)
  for (let bit = 0; bit < 32; bit++) {
    const set = numbers.filter((n) => (n >>> bit) & 1).length
    assert.ok(Math.abs(set - 10_000) < 400, `bit ${bit} is set in ${set} of 20,000`)
  }
})

test('below(n) reaches all of 0 … n − 1 and nothing else', () => {
  const random = createRandom(7)
  const seen = new Set(Array.from({ length: 1_000 }, () => random.below(10)))
  assert.deepEqual(seen, new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
})

test('uuid() is a lower-case UUID of version 4', () => {
  const random = createRandom(7)
  const ids = Array.from({ length: 1_000 }, () => random.uuid())
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(ids).size, ids.length)
})
