import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXACT, OrdersSeen } from './orders-seen.ts'

function seen(from: number, to: number, set = new OrdersSeen()): OrdersSeen {
  for (let n = from; n < to; n++) {
    const key = Buffer.from(`o-${n}`)
    set.add(key, 0, key.length)
  }
  return set
}

test('counts exactly what it can, whoever is seen again', () => {
  for (const count of [0, 1, 999, EXACT - 1]) {
    const set = seen(0, count)
    assert.equal(seen(0, count, set).count, count)
  }
})

test('estimates beyond', () => {
  for (const count of [5_000, 100_000, 300_000]) {
    const error = Math.abs(seen(0, count).count - count) / count
    assert.ok(error < 0.07, `${count}: ${error}`)
  }
})

test('goes on from what it wrote down as if nothing had happened', () => {
  for (const count of [100, 50_000]) {
    const half = seen(0, count / 2)
    // what was read shortly before is read again
    const resumed = seen(count / 4, count, new OrdersSeen(half.toString()))
    assert.equal(resumed.toString(), seen(0, count).toString())
  }
})
