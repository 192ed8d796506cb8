import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRegistry, RetryableError, silentLog, type Log } from '@order-up/kit'
import { CURATED_SUBJECT, CURATED_TOPIC, currentSchema, partitionOf } from '@order-up/schemas'
import { createSinkMetrics, DEFAULT_LIMITS, openDuckDb, queryWarehouse, Sink } from '@order-up/sink'
import { freePort, startTestStack, type TestStack } from '@order-up/stack/testing'
import { SinkScene } from './sink-scene.ts'
import { until, type WorkerProcess } from './worker-process.ts'

// What is not shown here: Snowflake behind the worker (its own tests run the real driver), several brokers.
// The tests share a stack and go on from each other: the table must hold all that was ever written.

const orders = (count: number, name = 'order') =>
  Array.from({ length: count }, (_, i) => `${name} ${i}`)

const metricsOf = async ({ httpPort }: WorkerProcess) =>
  (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text()
const healthOf = ({ httpPort }: WorkerProcess) => fetch(`http://127.0.0.1:${httpPort}/healthz`)

describe('curated to DuckDB', () => {
  let stack: TestStack
  let scene: SinkScene
  before(async () => {
    stack = await startTestStack()
    scene = await SinkScene.open(stack)
  })
  after(async () => {
    await scene?.close()
    await stack?.stop()
  })

  /** Waits until all is read and committed, and stops the sink. */
  async function finish(sink: WorkerProcess) {
    await until('caught up', () => scene.caughtUp())
    const table = await scene.table()
    assert.equal(await sink.kill('SIGTERM'), 0)
    assert.deepEqual(table, scene.expected)
  }

  test('all that is committed arrives with its lineage, nothing that was aborted, and the offsets close', async () => {
    await scene.write(orders(500))
    await scene.write(orders(300), { commit: false })
    const sink = await scene.sink()
    await scene.write(orders(200))
    await scene.write(['last'], { commit: false }) // the log ends with a marker that holds no row

    await until('caught up', () => scene.caughtUp())

    assert.match(await metricsOf(sink), /^orderup_sink_records_total 700$/m)
    assert.equal((await healthOf(sink)).status, 200)
    const { rows } = await queryWarehouse(
      scene.socket,
      `SELECT ENGINE, RAW_PARTITION, RAW_OFFSET, CURATED_PARTITION FROM ORDERS WHERE ORDER_ID = 'order 7'`,
    )
    assert.deepEqual(rows, [['node-1', 2, 2, partitionOf(Buffer.from('order 7'), 4)]])
    await finish(sink)
  })

  test('a restart has nothing to do again', async () => {
    const sink = await scene.sink()
    await scene.write(['one more'])

    await until('caught up', () => scene.caughtUp())

    assert.match(await metricsOf(sink), /^orderup_sink_records_total 1$/m)
    await finish(sink)
  })

  test('a MERGE that fails is tried again; the sink says so, stays in its group, and loses nothing', async (t) => {
    const began = Date.now()
    await scene.write(orders(500))
    const groupId = 'flaky'
    const warehouse = await openDuckDb(':memory:')
    let away = true
    let attempts = 0
    const assigned: unknown[] = []
    const metrics = createSinkMetrics()
    const sink = new Sink({
      kafka: scene.kafka,
      registry: createRegistry(stack.registryUrl),
      warehouse: {
        ...warehouse,
        async merge(rows, at) {
          attempts++
          if (away) throw new RetryableError('WAREHOUSE', 'the warehouse is away')
          return warehouse.merge(rows, at)
        },
      },
      metrics,
      log: logging((line) => void ('partitions' in line && assigned.push(line))),
      groupId,
      limits: { ...DEFAULT_LIMITS, maxRows: 50 }, // so that reading has to wait, too
      sessionTimeoutMs: 6_000, // the least that the broker allows
    })
    const stop = new AbortController()
    const running = sink.run(stop.signal)
    t.after(async () => {
      stop.abort()
      await running
      await warehouse.close()
    })
    await until('it fails', async () => attempts > 1)

    await sleep(7_000) // longer than the session

    assert.equal(sink.health().healthy, false)
    assert.deepEqual(sink.health()['waitingFor'], { warehouse: 'the warehouse is away' })
    assert.ok((await scene.offsets(groupId)).every(({ committed }) => committed === undefined))
    away = false
    await until('caught up', () => scene.caughtUp(groupId))
    assert.equal(assigned.length, 1, 'one assignment of partitions')
    assert.equal(sink.health().healthy, true)
    const { rows } = await warehouse.query('SELECT count(*) FROM ORDERS')
    assert.deepEqual(rows, [[Object.keys(scene.expected).length]])
    const lag = async () =>
      Math.max(...(await metrics.lagSeconds.get()).values.map(({ value }) => value))
    await until('no lag in time', async () => (await lag()) === 0)
    const failed = attempts
    away = true
    await scene.write(orders(500))
    await until('it fails again', async () => attempts > failed)
    await until('a lag in time', async () => (await lag()) > 2)
    assert.ok((await lag()) < (Date.now() - began) / 1_000)
    away = false
    await until('no lag in time any more', async () => (await lag()) === 0)
    away = true
    await scene.write(orders(500))
    await until('reading has to wait', async () => !sink.health().healthy)
    stop.abort()
    await running // what it cannot merge does not hold it up
  })

  test('kill -9 at any moment under load: the table is the same', async () => {
    let writing = true
    const load = (async () => {
      for (let i = 0; writing; i++) await scene.write(orders(400, `load ${i % 5}`))
    })()
    for (const ms of [20, 400, 1_100]) {
      const victim = await scene.sink({ SINK_LINGER_MS: '5' })
      await sleep(ms)
      await victim.kill('SIGKILL')
    }
    writing = false
    await load

    await finish(await scene.sink())
  })

  test('the broker is killed and comes back: nothing is lost', async () => {
    const sink = await scene.sink()
    await scene.write(orders(100, 'before'))
    process.kill(pidOf('broker'), 'SIGKILL')

    await until('the broker is back', () => scene.write(orders(100, 'after')).then(() => true))

    await finish(sink)
  })

  test('a second sink on the same file names the first and stops', async () => {
    const first = await scene.sink()

    await assert.rejects(
      scene.sink({ QUERY_SOCKET: `${scene.socket}.2` }),
      new RegExp(`exited with 1:[^]*is open in process ${first.pid}`),
    )

    await finish(first)
  })

  test('a registry that does not answer is waited for', async () => {
    const port = await freePort()
    const sink = await scene.sink({ SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}` })
    await scene.write(orders(10))
    await until('it says so', async () =>
      (await (await healthOf(sink)).text()).includes(`127.0.0.1:${port} does not answer`),
    )
    assert.equal((await healthOf(sink)).status, 503)
    const registry = createServer((request, response) => {
      response.writeHead(307, { location: stack.registryUrl + request.url! }).end()
    })

    registry.listen(port, '127.0.0.1')
    await once(registry, 'listening')

    await until('caught up', () => scene.caughtUp())
    assert.equal((await healthOf(sink)).status, 200)
    registry.close()
    await finish(sink)
  })

  test('a newer schema stops it', async () => {
    const schema = structuredClone(currentSchema(CURATED_SUBJECT)) as { fields: object[] }
    schema.fields.push({ name: 'gift', type: ['null', 'string'], default: null })
    const sink = await scene.sink()
    const id = await createRegistry(stack.registryUrl).register(CURATED_SUBJECT, schema)
    const frame = Buffer.alloc(5)
    frame.writeUInt32BE(id, 1)
    await scene.writeBytes(1, frame)

    assert.equal(await sink.exited, 1)
    assert.match(sink.stderr(), /partition 1, offset \d+ has version 2 of the curated schema/)
  })

  test('a record that is no row stops it, and the offset stays before it', async () => {
    await scene.skipToEnd()
    const sink = await scene.sink()
    const { high } = (await scene.offsets())[2]!
    await scene.writeBytes(2, Buffer.from('garbage'))

    assert.equal(await sink.exited, 1)

    const where = `${CURATED_TOPIC}, partition 2, offset ${high}`
    assert.match(sink.stderr(), new RegExp(`${where} is not a curated row: no Confluent frame`))
    assert.equal((await scene.offsets())[2]!.committed, high)
  })

  test('rows that retention took before they were merged stop it, with what to do', async () => {
    await scene.skipToEnd()
    const { committed } = (await scene.offsets())[0]!
    await scene.write(orders(100))
    await scene.deleteRecords(0)

    const lost = `partition 0: rows from offset ${committed} on were never merged[^]*--to-earliest`
    await assert.rejects(scene.sink(), new RegExp(lost))
    await assert.rejects(scene.sink(), new RegExp(lost)) // it does not get past by trying again
    await assert.rejects(
      scene.sink({ SINK_GROUP: 'new' }),
      /rows from offset 0 on were never merged/,
    )
  })

  const pidOf = (child: string) =>
    stack.supervisor.status().find(({ name }) => name === child)!.pid!
})

/** A log that hands the fields of its info lines to `see`. */
function logging(see: (line: object) => void): Log {
  const log = silentLog()
  log.info = (line: unknown) => see(line as object)
  return log
}
