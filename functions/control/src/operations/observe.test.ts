import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveInstances } from './observe.ts'
import { lagOf } from './probe.ts'

const reports = new Map([
  ['node-1/a', 3],
  ['node-1/dead', 3],
  ['kafka-streams-1/a', 2],
  ['kafka-streams-1/a-b', 3],
  ['flink-1/job', 3],
  ['flink-1/broken', undefined],
])

test('of an engine that joins a group, the members run, whoever else has reported once', () => {
  assert.deepEqual(liveInstances('node-1', ['node-1/a', 'node-1/new'], reports), [
    { instance: 'a', epoch: 3 },
    { instance: 'new', epoch: undefined },
  ])
  assert.deepEqual(liveInstances('node-1', [], reports), [])
})

test('the threads of one instance are one; the longest name that fits is theirs', () => {
  const threads = [
    'a-StreamThread-1-consumer',
    'a-StreamThread-2-consumer',
    'a-b-StreamThread-1-consumer',
  ]
  assert.deepEqual(
    liveInstances(
      'kafka-streams-1',
      threads.map((name) => `kafka-streams-1/${name}`),
      reports,
    ),
    [
      { instance: 'a', epoch: 2 },
      { instance: 'a-b', epoch: 3 },
    ],
  )
})

test('a stranger in the group counts as an instance at no epoch: it holds partitions', () => {
  assert.deepEqual(liveInstances('node-1', ['node-1/a', 'console-consumer'], reports), [
    { instance: 'console-consumer', epoch: undefined },
    { instance: 'a', epoch: 3 },
  ])
})

test('of Flink, which joins no group, whoever has reported runs', () => {
  assert.deepEqual(liveInstances('flink-1', [], reports), [
    { instance: 'broken', epoch: undefined },
    { instance: 'job', epoch: 3 },
  ])
})

test('lag is counted from what is still held; a group that never committed has none', () => {
  const marks = (low: number, high: number, committed: number | undefined) => ({
    partition: 0,
    low,
    high,
    committed,
  })
  assert.equal(lagOf([marks(0, 10, undefined), marks(0, 10, undefined)]), undefined)
  assert.equal(lagOf([marks(0, 10, 4), marks(2, 10, undefined), marks(0, 5, 7)]), 14)
})
