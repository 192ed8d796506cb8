import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTESTANTS, MEASURES } from './contestants.ts'
import { forecastSeconds, FULL, heatsOf } from './plan.ts'

test('engines take turns, and each round begins with another one', () => {
  const turns = heatsOf('recovery', 3).map(({ round, contestant }) => `${round} ${contestant.name}`)
  assert.deepEqual(turns, [
    '1 node',
    '1 flink heap',
    '1 flink RocksDB',
    '1 kafka streams',
    '1 kafka streams, not static',
    '2 flink heap',
    '2 flink RocksDB',
    '2 kafka streams',
    '2 kafka streams, not static',
    '2 node',
    '3 flink RocksDB',
    '3 kafka streams',
    '3 kafka streams, not static',
    '3 node',
    '3 flink heap',
  ])
})

test('every measure has the baseline, all three engines, and names of one meaning', () => {
  for (const measure of MEASURES) {
    const names = CONTESTANTS[measure].map(({ name }) => name)
    assert.equal(names[0], 'node')
    assert.equal(new Set(names).size, names.length)
    const kinds = new Set(CONTESTANTS[measure].map(({ engine }) => engine))
    assert.deepEqual([...kinds], ['node', 'flink', 'kafka-streams'])
  }
})

test('a full run is over within 45 minutes', () => {
  assert.ok(forecastSeconds(FULL.runs) <= 45 * 60, `${forecastSeconds(FULL.runs)} s`)
})
