import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { probe } from '@order-up/control/operations'
import { readTopic } from '@order-up/kit'
import {
  CURATED_TOPIC,
  DLQ_TOPIC,
  engineGroup,
  RAW_SUBJECT,
  RAW_TOPIC,
  ROW_HEADERS,
} from '@order-up/schemas'
import type { Kafka } from 'kafkajs'
import { EngineScene } from './engine-scene.ts'
import { truthOf } from './oracle.ts'
import { until, type WorkerProcess } from './worker-process.ts'

// What the Node engine has and no other. What every engine must do is the conformance kit's: see local/conform.
// What is not shown in either: two brokers, a lost disk of the broker, a clock that jumps.

/** The values of all series of a metric that have the label. */
async function series(worker: WorkerProcess, name: string, label = ''): Promise<number[]> {
  const text = await (await fetch(`http://127.0.0.1:${worker.httpPort}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(name) && line.includes(label))
    .map((line) => Number(line.split(' ').at(-1)))
}

/** How many raw records the worker has committed as this outcome. */
async function counted(worker: WorkerProcess, outcome: string): Promise<number> {
  const counts = await series(worker, 'orderup_engine_records_total{', `outcome="${outcome}"`)
  return counts.reduce((sum, count) => sum + count, 0)
}

test('a worker that has lost its state folds again without writing a row twice, from a snapshot if there is one', async (t) => {
  const scene = await EngineScene.open(t)
  const snapshots = { SNAPSHOT_URL: join(scene.dir, 'snapshots'), SNAPSHOT_INTERVAL_MS: '500' }
  await scene.produce(3, 2_000, 0)
  const first = await scene.worker('a', snapshots)
  await scene.caughtUp()
  await until('a snapshot of every partition', async () => {
    const files = await readdir(scene.dir, { recursive: true })
    const snapshot = (partition: number) => new RegExp(`^snapshots/node-1/${partition}/.*json$`)
    return [0, 1, 2, 3].every((partition) => files.some((f) => snapshot(partition).test(f)))
  })
  await first.kill('SIGKILL')

  await scene.produce(4, 500, 0)
  const without = await scene.worker('new', {})
  await scene.caughtUp()
  await scene.assertExactlyOnce()
  assert.match(without.stderr(), /"from":0,/)
  await without.kill('SIGTERM')

  await scene.produce(5, 500, 0)
  const restored = await scene.worker('newer', snapshots)
  await scene.caughtUp()
  await scene.assertExactlyOnce()
  assert.doesNotMatch(restored.stderr(), /"from":0,/)
})

test('lag in time: the wait of the oldest record, then 0; and all of it as lines for CloudWatch', async (t) => {
  const scene = await EngineScene.open(t)
  const began = Date.now()
  await scene.produce(6, 1_000, 0)
  const producer = scene.kafka.producer({ transactionalId: 'aborts', maxInFlightRequests: 1 })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic: RAW_TOPIC, messages: [{ partition: 2, key: 'a', value: 'x' }] })
  await transaction.abort() // what partition 2 ends with is read by nobody
  await producer.disconnect()
  const worker = await scene.worker('a', {
    METRICS: 'emf',
    STACK: 'test',
    MAX_RECORDS_PER_TRANSACTION: '1', // slow
    MAX_BYTES_PER_FETCH: '1024',
  })
  const lags = () => series(worker, 'orderup_engine_lag_seconds{')

  await until('a lag', async () => (await lags())[2]! > 2)
  const lag = (await lags())[2]!
  const fromOutside = await probe(scene.kafka, 'test')
  const atMost = (Date.now() - began) / 1_000
  await until('no lag', async () => (await lags()).join() === '0,0,0,0')

  assert.ok(lag > 2 && lag < atMost, `${lag} s, at most ${atMost}`)
  const [seen, ...others] = fromOutside.filter(({ dimensions }) => 'Worker' in dimensions)
  assert.deepEqual(seen?.dimensions, { Stack: 'test', Worker: 'node-1' })
  const { LagSeconds } = seen.metrics
  assert.ok(Number(LagSeconds?.value) > 2 && Number(LagSeconds?.value) < atMost)
  assert.deepEqual(others, [], 'of groups that never committed nothing is known')
  const counts = await Promise.all(
    ['applied', 'duplicate', 'dead_letter'].map((o) => counted(worker, o)),
  )
  const [waits] = await series(worker, 'orderup_engine_raw_to_committed_seconds_count')
  const [transactions] = await series(worker, 'orderup_engine_transaction_seconds_count')
  assert.equal(waits, transactions)
  assert.equal(await worker.kill('SIGTERM'), 0, worker.stderr())
  const lines = worker.stdout().trim().split('\n')
  const documents = lines.map((line) => JSON.parse(line) as Record<string, number>)
  const total = (name: string) => documents.reduce((sum, { [name]: value = 0 }) => sum + value, 0)
  assert.deepEqual(['Applied', 'Duplicates', 'DeadLetters'].map(total), counts)
  const last = documents.at(-1)!
  assert.equal(`${last['Stack']} ${last['Worker']} ${last['Up']}`, 'test node-1 1')
})

/** partition/offset in raw of every row in curated */
async function rawOffsets(kafka: Kafka): Promise<string[]> {
  const found: string[] = []
  await readTopic(kafka, CURATED_TOPIC, (records) => {
    for (const { headers } of records)
      found.push(`${String(headers[ROW_HEADERS.partition])}/${String(headers[ROW_HEADERS.offset])}`)
  })
  return found.toSorted()
}

test('raw that was made anew: an offset beyond its end stops the engine; a state of the old log is folded again', async (t) => {
  const scene = await EngineScene.open(t)
  const { kafka } = scene
  await scene.produce(1, 200, 0)
  const worker = await scene.worker('a')
  await scene.caughtUp()
  await worker.kill('SIGTERM')
  const admin = kafka.admin()
  await admin.connect()
  t.after(() => admin.disconnect())
  await admin.deleteTopics({ topics: [RAW_TOPIC, CURATED_TOPIC, DLQ_TOPIC] })
  await admin.createTopics({
    waitForLeaders: false, // kafkajs's own way of waiting gives up on a topic that nobody knows yet
    topics: [RAW_TOPIC, CURATED_TOPIC, DLQ_TOPIC].map((topic) => ({ topic, numPartitions: 4 })),
  })
  await until('the new topics to be led', async () => {
    await Promise.all([RAW_TOPIC, CURATED_TOPIC, DLQ_TOPIC].map((t) => admin.fetchTopicOffsets(t)))
    return true
  })

  const setOffsets = (partitions: { partition: number; offset: string }[]) =>
    admin.setOffsets({ groupId: engineGroup('node-1'), topic: RAW_TOPIC, partitions })

  await setOffsets([0, 1, 2, 3].map((partition) => ({ partition, offset: '500' })))
  const lost = await scene.worker('a')
  assert.equal(await lost.exited, 1)
  assert.match(lost.stderr(), /holds offsets 0 to 0, not committed offset 500/)

  await scene.produce(2, 400, 0)
  const ends = await admin.fetchTopicOffsets(RAW_TOPIC)
  await setOffsets(ends.map(({ partition, high }) => ({ partition, offset: high })))
  const again = await scene.worker('a')
  await scene.produce(2, 500, 0) // the same orders and more: what is folded silently must be known
  await scene.caughtUp()

  assert.match(again.stderr(), /does not hold the last record of the state/)
  const truth = await truthOf(kafka, await scene.registry.subjectIds(RAW_SUBJECT))
  const expected = [...truth.rows].flatMap(([partition, rows]) => {
    const from = Number(ends.find((end) => end.partition === partition)!.high)
    return rows.filter(({ offset }) => offset >= from).map(({ offset }) => `${partition}/${offset}`)
  })
  assert.ok(expected.length > 100 && truth.duplicates > 1_000)
  assert.deepEqual(await rawOffsets(kafka), expected.toSorted())
})
