import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOf, usable, type Position } from './position.ts'

test('a position is usable only for its own contract, partition count and log', () => {
  const position: Position = { ...startOf(4), next: 100, last: { offset: 99, sha256: 'x' } }

  assert.equal(usable(position, 4, 0, 100), true)
  assert.equal(usable(position, 4, 99, 100), true)
  assert.equal(usable(position, 4, 0, 99), false, 'beyond what was committed')
  assert.equal(usable(position, 4, 100, 100), false, 'its last record is gone from raw')
  assert.equal(usable(position, 8, 0, 100), false, 'of another partition count')
  assert.equal(usable({ ...position, contractVersion: 2 }, 4, 0, 100), false, 'of another contract')
  assert.equal(usable(startOf(4), 4, 0, 0), true)
  assert.equal(usable(startOf(4), 4, 5, 10), false, 'the beginning of raw is gone')
})
