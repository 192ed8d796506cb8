import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { createRegistry } from '@order-up/kit'
import { startLambda } from '@order-up/kit/testing'
import { Report } from '@order-up/parity'
import { CURATED_SUBJECT, currentSchema, encodeCurated } from '@order-up/schemas'
import { mskRecord, openSnowflake, rowOf, startFakeSnowflake } from '@order-up/sink/testing'
import { startTestStack, type TestStack } from '@order-up/stack/testing'
import { startWorker, until, type WorkerProcess } from './worker-process.ts'

/*
 * What `npm run build` leaves, as it will run: the functions under AWS's own runtime client, the images' code as the
 * process that they start. Not shown: API Gateway, Lambda's poller, MSK's IAM, arm64, the image around the code, and
 * Snowflake itself (fakesnow stands in for it).
 */

const BUILD = resolve(import.meta.dirname, '../../../infra/build/main.ts')

let dir: string
let dist: string
let stack: TestStack
const workers: WorkerProcess[] = []
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'order-up-bundles-'))
  dist = join(dir, 'dist')
  // without Maven: no engine on the JVM is run here
  const env = { PATH: dirname(process.execPath), ORDER_UP_DIST: dist }
  const build = promisify(execFile)(process.execPath, [BUILD], { env })
  ;[stack] = await Promise.all([startTestStack(), build])
})
after(async () => {
  await Promise.all(workers.map((worker) => worker.kill('SIGKILL')))
  await stack.stop()
  await rm(dir, { recursive: true, force: true })
})

/** Nobody's home may be written to in a function, nor in a container with a read-only root. */
const NOWHERE = { HOME: '/nowhere' }

const ORDER = 'ördér-1'
const created = {
  event_id: '00000000-0000-4000-8000-000000000001',
  event_type: 'ORDER_CREATED',
  event_ts: Date.UTC(2026, 0, 1),
  order_id: ORDER,
  payload: {
    customer_id: 'c_1',
    currency: 'EUR',
    items: [{ sku: 'a', quantity: 2, unit_amount: 500 }],
    shipping_amount: 0,
  },
}

const post = (body: unknown) => ({
  version: '2.0',
  rawPath: '/events',
  headers: { 'content-type': 'application/json' },
  requestContext: { stage: '$default', http: { method: 'POST', path: '/events' } },
  body: JSON.stringify(body),
  isBase64Encoded: false,
})

test('an event posted to the producer function is a row in Snowflake, by the code of the images', async (t) => {
  const fake = await startFakeSnowflake()
  if ('missing' in fake) return t.skip(`needs ${fake.missing}`)
  t.after(() => fake.stop())
  const { url, account, user, privateKey, database, schema } = fake.options
  const snowflake = {
    WAREHOUSE: 'snowflake:',
    SNOWFLAKE_URL: url!,
    SNOWFLAKE_ACCOUNT: account,
    SNOWFLAKE_USER: user,
    SNOWFLAKE_PRIVATE_KEY: privateKey,
    SNOWFLAKE_DATABASE: database,
    SNOWFLAKE_SCHEMA: schema,
  }
  const producer = await startLambda(join(dist, 'producer'), { ...stack.kafkaConfig, ...NOWHERE })
  if ('missing' in producer) return t.skip(`needs ${producer.missing}`)
  t.after(() => producer.stop())
  const sinkFunction = await startLambda(join(dist, 'sink'), {
    ...stack.kafkaConfig,
    ...snowflake,
    ...NOWHERE,
  })
  if ('missing' in sinkFunction) return t.skip(`needs ${sinkFunction.missing}`)
  t.after(() => sinkFunction.stop())
  const warehouse = openSnowflake(fake.options)
  t.after(() => warehouse.close())
  const rows = async () =>
    (await warehouse.query('SELECT ORDER_ID, VERSION, ENGINE FROM ORDERS ORDER BY ORDER_ID')).rows

  const engine = await image('engine-node', {
    STATE_DIR: join(dir, 'state'),
    SNAPSHOT_URL: join(dir, 'snapshots'),
  })
  const posted = await producer.invoke(post(created))
  assert.deepEqual([posted.ok, (posted.body as { statusCode: number }).statusCode], [true, 202])
  const sink = await image('sink', snowflake)
  await until('the row', async () => (await rows().catch(() => [])).length === 1)
  assert.deepEqual(await rows(), [[ORDER, 1, 'node-1']])

  const [stopped, ended] = await Promise.all([engine.kill('SIGTERM'), sink.kill('SIGTERM')])
  assert.deepEqual([stopped, ended], [0, 0], `${engine.stderr()}\n${sink.stderr()}`)

  const registry = createRegistry(stack.registryUrl)
  const id = await registry.idOf(CURATED_SUBJECT, currentSchema(CURATED_SUBJECT))
  const value = encodeCurated(rowOf('z', 1).order, id)
  const records = { 'orders.orders.curated-0': [mskRecord(0, 9, value)] }
  const merged = await sinkFunction.invoke({ eventSource: 'aws:kafka', records })
  assert.deepEqual(merged, { ok: true, body: { batchItemFailures: [] } })
  assert.deepEqual(await rows(), [
    ['z', 1, null],
    [ORDER, 1, 'node-1'],
  ])
})

async function image(name: string, env: Record<string, string>): Promise<WorkerProcess> {
  const worker = await startWorker(join(dist, 'images', name, 'app/index.mjs'), {
    ...stack.kafkaConfig,
    ...env,
    ...NOWHERE,
    TMPDIR: dir,
  })
  workers.push(worker)
  return worker
}

test('the control function reads the epoch that the system is in', async (t) => {
  const control = await startLambda(join(dist, 'control'), {
    ...stack.kafkaConfig,
    ...NOWHERE,
    AWS_REGION: 'eu-west-1',
    STACK: 'test',
    ECS_CLUSTER: 'none',
    VERDICTS_URL: 's3://none/verdicts',
  })
  if ('missing' in control) return t.skip(`needs ${control.missing}`)
  t.after(() => control.stop())

  const { ok, body } = await control.invoke({ action: 'shares' })

  assert.equal(ok, true)
  assert.equal((body as { record: { epoch: number } }).record.epoch, 1, JSON.stringify(body))
})

test('the comparer of an image says of two engines that have written little that it is not enough', async () => {
  const verdicts = join(dir, 'verdicts')
  await image('parity', {
    DEPLOYMENTS: 'node-1,flink-1',
    ARTIFACTS: 'sha256:1,sha256:2',
    VERDICTS_URL: verdicts,
    REPORT_INTERVAL_MS: '200',
  })
  const path = join(verdicts, 'flink-1_node-1.json')

  const text = () => readFile(path, 'utf8').catch(() => undefined)
  await until('a verdict', async () => (await text()) !== undefined)
  const { verdict, sides } = Report.parse(JSON.parse((await text())!))
  assert.equal(verdict, 'INCONCLUSIVE')
  assert.deepEqual(
    sides.map(({ deployment, artifact }) => [deployment, artifact]),
    [
      ['flink-1', 'sha256:2'],
      ['node-1', 'sha256:1'],
    ],
  )
})

test('the sink of a bundle says that it has no DuckDB', async () => {
  const env = { WAREHOUSE: 'duckdb::memory:' }
  await assert.rejects(image('sink', env), /this build is for snowflake: and carries no DuckDB/)
})
