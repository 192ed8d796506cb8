import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Horizon } from './horizon.ts'

test('all is read once every topic’s end, as seen after the commit, is passed', () => {
  const horizon = new Horizon(2)
  horizon.committed(100, 1_000)
  // asked before the commit was known: rows of it may lie behind that end
  assert.equal(horizon.fetched(0, 999, 50, [50, 70]), undefined)
  assert.equal(horizon.fetched(0, 1_000, 60, [55, 70]), undefined)
  assert.equal(horizon.fetched(1, 1_001, 70, [55, 70]), undefined)
  // a later end does not matter: only what was there then has to be read
  assert.equal(horizon.fetched(0, 1_002, 90, [60, 70]), 100)
  assert.equal(horizon.fetched(0, 1_003, 90, [90, 70]), undefined)
})

test('the newest commit is next, and its ends are looked at anew', () => {
  const horizon = new Horizon(1)
  horizon.committed(100, 1_000)
  horizon.committed(150, 1_100)
  horizon.committed(200, 1_200)
  assert.equal(horizon.fetched(0, 1_150, 50, [50]), 100)
  assert.equal(horizon.fetched(0, 1_150, 60, [60]), undefined)
  assert.equal(horizon.fetched(0, 1_200, 60, [60]), 200)
})
