import assert from 'node:assert/strict'
import { test } from 'node:test'
import { divide, isWorkerOf } from './pipeline.ts'

const CORES = 8

test('workers are processes, or one command that has so many, and share the cores', () => {
  assert.deepEqual(divide('node-1', 3, CORES), [{ WORKERS: '3' }])
  assert.deepEqual(divide('kafka-streams-1', 3, CORES), [
    { THREADS: '2' },
    { THREADS: '2' },
    { THREADS: '2' },
  ])
  assert.deepEqual(
    divide('kafka-streams-2', 16, CORES),
    Array.from({ length: 16 }, () => ({ THREADS: '1' })),
  )
  assert.deepEqual(divide('flink-1', 3, CORES), [{ PARALLELISM: '3' }])
})

test('without a number, one process has what its engine takes by itself', () => {
  for (const deployment of ['node-1', 'kafka-streams-1', 'flink-1'] as const)
    assert.deepEqual(divide(deployment, undefined, CORES), [{}])
})

test('a worker is known by the name of its deployment', () => {
  assert.ok(isWorkerOf('node-1', 'node-1'))
  assert.ok(isWorkerOf('node-1', 'node-1.2'))
  assert.ok(!isWorkerOf('node-1', 'node-12'))
  assert.ok(!isWorkerOf('node-1', 'sink'))
})
