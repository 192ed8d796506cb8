import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthOfAll, type WorkerHealth } from './worker-health.ts'

const name = { deployment: 'node-1', instance: 'a', pid: 1 }

const worker = (n: number, ...partitions: number[]): WorkerHealth => ({
  healthy: true,
  deployment: 'node-1',
  instance: `a.${n}`,
  pid: 10 + n,
  waiting_for: undefined,
  partitions: partitions.map((partition) => ({ partition, emitting: true })),
})

test('workers look like one, that has the partitions of all', () => {
  const [first, second] = [worker(1, 0, 2), worker(2, 1, 3)]

  assert.deepEqual(healthOfAll(name, [first, second]), {
    healthy: true,
    ...name,
    waiting_for: undefined,
    partitions: [0, 1, 2, 3].map((partition) => ({ partition, emitting: true })),
    workers: [first, second],
  })
})

test('one that waits, or does not answer, makes all unhealthy, and is named', () => {
  const waits = { ...worker(1), healthy: false, waiting_for: 'Kafka' }

  const { healthy, waiting_for } = healthOfAll(name, [worker(1), waits])
  const silent = healthOfAll(name, [waits, undefined])

  assert.deepEqual([healthy, waiting_for], [false, 'Kafka'])
  assert.deepEqual([silent.healthy, silent.waiting_for], [false, 'an answer of worker 2'])
  assert.deepEqual(silent.workers, [waits, { worker: 2, healthy: false }])
})
