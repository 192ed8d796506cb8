import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowOf } from '../test/rows.ts'
import { Pending } from './pending.ts'

const LIMITS = { maxRows: 3, maxBytes: 100, lingerMs: 50 }
const rows = (count: number) => Array.from({ length: count }, () => rowOf('a', 1))

test('a batch is due when its oldest row has waited long enough', () => {
  const pending = new Pending(LIMITS)
  assert.equal(pending.dueIn(Date.now()), undefined)
  const before = Date.now()

  pending.add(0, rows(1), 10, 1)

  assert.ok(pending.dueIn(before)! >= 50)
  assert.equal(pending.dueIn(Date.now() + 50), 0)
})

test('it is due at once when there are rows or bytes enough', () => {
  const many = new Pending(LIMITS)
  many.add(0, rows(2), 10, 2)
  assert.equal(many.full, false)
  many.add(1, rows(1), 10, 1)
  assert.deepEqual([many.full, many.dueIn(0)], [true, 0])

  const large = new Pending(LIMITS)
  large.add(0, rows(1), 100, 1)
  assert.deepEqual([large.full, large.dueIn(0)], [true, 0])
})

test('taking gives all rows and how far each partition was read, and leaves nothing', () => {
  const pending = new Pending(LIMITS)
  pending.add(0, rows(1), 10, 5)
  pending.add(1, rows(1), 10, 8)
  pending.add(0, [], 0, 7) // markers only

  const batch = pending.take()

  assert.equal(batch.rows.length, 2)
  assert.deepEqual([...batch.positions], [[0, 7], [1, 8]]) // prettier-ignore
  assert.deepEqual([pending.dueIn(0), pending.take().rows.length], [undefined, 0])
})

test('a new assignment drops what waits, and what was taken under the old one says so', () => {
  const pending = new Pending(LIMITS)
  pending.add(0, rows(1), 10, 5)
  const old = pending.take()
  pending.add(0, rows(1), 10, 6)

  pending.reassign()

  assert.equal(pending.take().rows.length, 0)
  assert.notEqual(old.assignment, pending.assignment)
  pending.restore(old)
  assert.equal(pending.take().positions.size, 0)
})

test('positions that were not committed are tried again, unless newer ones are there', () => {
  const pending = new Pending(LIMITS)
  pending.add(0, rows(1), 10, 5)
  pending.add(1, rows(1), 10, 5)
  const failed = pending.take()
  pending.add(0, rows(1), 10, 6)

  pending.restore(failed)

  const { positions, rows: waiting } = pending.take()
  assert.deepEqual(positions, new Map([[0, 6], [1, 5]])) // prettier-ignore
  assert.equal(waiting.length, 1)
})

test('whoever waits for room is woken when a batch is taken', async () => {
  const pending = new Pending(LIMITS)
  pending.add(0, rows(3), 10, 3)
  const woken = pending.changed()

  pending.take()

  await woken
  assert.equal(pending.full, false)
})
