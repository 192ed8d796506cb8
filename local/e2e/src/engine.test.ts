import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { EngineScene } from './engine-scene.ts'
import { until, type WorkerProcess } from './worker-process.ts'

// What is not shown here: two brokers, a lost disk of the broker, a clock that jumps.

/** How many raw records the worker has committed as this outcome. */
async function counted(worker: WorkerProcess, outcome: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${worker.httpPort}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith('orderup_engine_records_total{'))
    .filter((line) => line.includes(`outcome="${outcome}"`))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
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
