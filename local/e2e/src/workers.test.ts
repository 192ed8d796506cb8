import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { RAW_TOPIC, SHARES_KEY, SHARES_TOPIC } from '@order-up/schemas'
import { EngineScene } from './engine-scene.ts'
import { until, type WorkerProcess } from './worker-process.ts'

// Several workers of the Node engine in one command, and what becomes of them when one is killed, or all are.
// What is not shown: a worker that hangs rather than dies; more workers than partitions under load.

interface Health {
  pid: number
  healthy: boolean
  /** of one that answers */
  partitions?: { partition: number }[]
  workers?: Health[]
}

const healthOf = async (command: WorkerProcess) => (await command.health()) as unknown as Health
const partitionsIn = ({ partitions = [] }: Health) => partitions.map(({ partition }) => partition)

/** Waits until so many workers share all the partitions. @returns their pids */
async function untilShared(command: WorkerProcess, count: number): Promise<number[]> {
  let pids: number[] = []
  await until(`${count} workers to share the partitions`, async () => {
    const health = await healthOf(command)
    const workers = health.workers ?? []
    pids = workers.map(({ pid }) => pid)
    const busy = workers.filter((worker) => partitionsIn(worker).length === 4 / count)
    return health.healthy && busy.length === count && partitionsIn(health).join() === '0,1,2,3'
  })
  return pids
}

/** All series of a metric. */
async function series(command: WorkerProcess, name: string): Promise<number[]> {
  const text = await (await fetch(`http://127.0.0.1:${command.httpPort}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => Number(line.split(' ').at(-1)))
}
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
const accounted = async (command: WorkerProcess) =>
  total(await series(command, 'orderup_engine_records_total'))

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const allGone = (pids: readonly number[]) =>
  until('the workers to be gone', () => Promise.resolve(!pids.some(runs)), 15_000)

test('two workers in one command', async (t) => {
  const scene = await EngineScene.open(t)
  const start = (workers: number) => scene.worker('a', { WORKERS: String(workers) })
  const rawEnds = async () => {
    const admin = scene.kafka.admin()
    await admin.connect()
    const ends = await admin.fetchTopicOffsets(RAW_TOPIC).finally(() => admin.disconnect())
    return ends.map(({ high }) => Number(high))
  }
  let command = await start(2)

  await t.test(
    'share the partitions, and show one health and one sum of their metrics',
    async () => {
      const pids = await untilShared(command, 2)
      await scene.produce(1, 1_000, 0)
      await scene.caughtUp()

      assert.equal(new Set([...pids, command.pid]).size, 3, 'each is a process of its own')
      const ends = await rawEnds()
      assert.equal(await accounted(command), total(ends), 'every record, once')
      const nextOffsets = await series(command, 'orderup_engine_next_offset')
      assert.equal(nextOffsets.length, 4)
      assert.deepEqual(new Set(nextOffsets), new Set(ends))
      await until('all lags to be known', async () => {
        const lags = await series(command, 'orderup_engine_lag_seconds')
        return lags.join() === '0,0,0,0'
      })
      assert.deepEqual(await series(command, 'orderup_engine_epoch'), [1])
      const [observed] = await series(command, 'orderup_engine_transaction_seconds_count')
      const infinite = (await series(command, 'orderup_engine_transaction_seconds_bucket')).at(-1)
      assert.ok(observed! >= 4 && infinite === observed, `${observed}, of which ${infinite}`)
    },
  )

  await t.test('one that is killed under load is started again; the other stays', async () => {
    const before = await untilShared(command, 2)
    const counted = await accounted(command)
    const produced = scene.produce(2, 1_000, 2_000)
    await until('some of it to be done', async () => (await accounted(command)) > counted + 500)
    process.kill(before[1]!, 'SIGKILL')
    await produced
    const after = await untilShared(command, 2)
    await scene.caughtUp()

    await scene.assertExactlyOnce()
    assert.equal(after[0], before[0])
    assert.notEqual(after[1], before[1])
    assert.match(command.stderr(), /"worker":2,"signal":"SIGKILL","msg":"a worker has died/)
    assert.ok((await accounted(command)) > counted + 500, 'what the dead one had counted stays')
  })

  await t.test('SIGTERM leaves none behind; one worker finds the state of both', async () => {
    const pids = await untilShared(command, 2)
    assert.equal(await command.kill('SIGTERM'), 0, command.stderr())
    assert.deepEqual(pids.filter(runs), [])

    command = await start(1)
    await until('all partitions', async () => partitionsIn(await healthOf(command)).length === 4)
    await scene.produce(3, 100, 0)
    await scene.caughtUp()
    assert.doesNotMatch(command.stderr(), /folding silently/)
    assert.equal(await command.kill('SIGTERM'), 0)
  })

  await t.test(
    'kill -9 of the command leaves none behind, and its successor has the state',
    async () => {
      command = await start(2)
      const pids = await untilShared(command, 2)
      await command.kill('SIGKILL')
      await allGone(pids)

      command = await start(2)
      await untilShared(command, 2)
      await scene.produce(4, 100, 0)
      await scene.caughtUp()
      await scene.assertExactlyOnce()
      assert.doesNotMatch(command.stderr(), /folding silently/)
      assert.equal(await command.kill('SIGTERM'), 0)
    },
  )

  await t.test('an error of one ends all, as of one that is alone', async () => {
    command = await start(2)
    const pids = await untilShared(command, 2)
    const producer = scene.kafka.producer()
    await producer.connect()
    const noEpoch = { key: SHARES_KEY, value: 'no epoch', partition: 0 }
    await producer.send({ topic: SHARES_TOPIC, messages: [noEpoch] })
    await producer.disconnect()

    assert.equal(await command.exited, 1)
    assert.deepEqual(pids.filter(runs), [])
    assert.match(command.stderr(), /is not an epoch/)
    assert.match(command.stderr(), /worker [12] has ended with exit code 1/)
  })
})

test('a worker that was killed is no member any more once it starts again', async (t) => {
  const scene = await EngineScene.open(t)
  const env = { SESSION_TIMEOUT_MS: '30000', STATE_DIR: join(scene.dir, 'state') }
  const first = await scene.worker('a', env)
  await scene.produce(1, 200, 0)
  await scene.caughtUp()
  await first.kill('SIGKILL')
  const killed = Date.now()

  const second = await scene.worker('a', env)
  await until('the partitions', async () => partitionsIn(await healthOf(second)).length === 4)

  const waited = Date.now() - killed
  assert.ok(waited < 15_000, `${waited} ms: half of the session`)
  assert.match(second.stderr(), /a killed predecessor has left the group/)
  await scene.produce(2, 200, 0)
  await scene.caughtUp()
  await scene.assertExactlyOnce()
})
