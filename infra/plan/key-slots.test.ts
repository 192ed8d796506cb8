import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keySlots } from './key-slots.ts'

test('the first generations, in full', () => {
  assert.deepEqual(keySlots(1), { active: 1, generations: { 1: 1 } })
  assert.deepEqual(keySlots(2), { active: 2, generations: { 1: 1, 2: 2 } })
  assert.deepEqual(keySlots(3), { active: 1, generations: { 1: 3, 2: 2 } })
  assert.deepEqual(keySlots(4), { active: 2, generations: { 1: 3, 2: 4 } })
})

test('a raise by one: the active slot holds the new generation, the other slot keeps the key in use as it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (generation) => {
      const before = keySlots(generation)
      const after = keySlots(generation + 1)
      assert.notEqual(after.active, before.active)
      assert.equal(after.generations[after.active], generation + 1)
      assert.equal(after.generations[before.active], generation)
      assert.equal(before.generations[before.active], generation)
    }),
  )
})
