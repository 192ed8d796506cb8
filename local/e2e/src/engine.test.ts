import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { probe } from '@order-up/control/operations'
import { RAW_TOPIC } from '@order-up/schemas'
import { EngineScene } from './engine-scene.ts'
import { until, type WorkerProcess } from './worker-process.ts'

// What is not shown here: two brokers, a lost disk of the broker, a clock that jumps.

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

test('one worker: every record is applied, a duplicate or dead-lettered, and the counts say so', async (t) => {
  const scene = await EngineScene.open(t)
  await scene.produce(1, 2_000, 0)
  const worker = await scene.worker('a')
  await scene.caughtUp()

  const truth = await scene.assertExactlyOnce()

  const rows = [...truth.rows.values()].flat().length
  const letters = [...truth.deadLetters.values()].flat().length
  assert.ok(rows > 5_000 && truth.duplicates > 100 && letters > 50, 'the log has some of each')
  assert.equal(rows + letters + truth.duplicates, truth.records)
  assert.deepEqual(
    await Promise.all(['applied', 'duplicate', 'dead_letter'].map((o) => counted(worker, o))),
    [rows, truth.duplicates, letters],
  )
  const before = Date.now()
  assert.equal(await worker.kill('SIGTERM'), 0, worker.stderr())
  assert.ok(Date.now() - before < 10_000, 'a graceful stop takes less than 10 s')
})

test('killed, stopped past the session timeout, rebalanced and without a broker: exactly once all the same', async (t) => {
  const scene = await EngineScene.open(t)
  const load = scene.produce(2, 20_000, 3_000)
  const first = await scene.worker('a')
  let second = await scene.worker('b')
  const progress = async () => {
    let from: number | undefined
    await until('progress', async () => {
      const committed = await scene.committed()
      from ??= committed
      return committed > from + 2_000
    })
  }
  await progress()

  await second.kill('SIGKILL')
  await progress()
  second = await scene.worker('b')
  await progress()
  await first.kill('SIGSTOP')
  await until('the stopped worker to lose its partitions', async () =>
    second.stderr().includes('[0,1,2,3]'),
  )
  await progress()
  await first.kill('SIGCONT')
  await progress()
  scene.killBroker()
  await progress()
  await second.kill('SIGKILL')
  await scene.worker('b')
  await load
  await scene.caughtUp()

  const truth = await scene.assertExactlyOnce()
  assert.ok(truth.records > 80_000)
})

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
