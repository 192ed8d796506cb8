import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, test, type TestContext } from 'node:test'
import { startPlugin, type Plugin } from '@order-up/infra/providers/dynamic-server.fixture.ts'
import { startLambdaApi, type LambdaApi } from '@order-up/infra/providers/lambda-api.fixture.ts'
import { AVRO_SCHEMAS, currentSchema, RAW_SUBJECT } from '@order-up/schemas'
import { EngineScene } from './engine-scene.ts'

/**
 * What a deploy does to the running system, all the way: Pulumi's plugin process, the control function behind Lambda's
 * HTTP API, a real broker and registry, and two engines. Not seen here: Pulumi's engine, IAM, and a function in a VPC.
 */

const AT = { functionName: 'order-up-control', region: 'eu-west-1' }
const NODE_1 = { 'node-1': [[0, 99]] }
const NODE_2 = { 'node-2': [[0, 99]] }
const BOTH = {
  ...AT,
  running: ['node-1', 'node-2'],
  proofs: [],
  sides: [],
  force: '',
  dead: [],
  lagBound: 1_000,
  timeoutS: 60,
}

let scene: EngineScene
let api: LambdaApi
const opened: (() => Promise<void>)[] = []

before(async () => {
  scene = await EngineScene.open({ after: (close: () => Promise<void>) => opened.push(close) })
  Object.assign(process.env, { ...scene.stack.kafkaConfig, LOG_LEVEL: 'silent', STACK: 'test' })
  const { handler } = await import('@order-up/control/lambda')
  api = await startLambdaApi(async (event) => ({ body: await handler(event) }))
  opened.push(() => api.close())
})
after(async () => {
  for (const close of opened.toReversed()) await close()
})

async function plugin(t: TestContext): Promise<Plugin> {
  const plugin = await startPlugin(api.env)
  t.after(() => plugin.close())
  return plugin
}

const SUBJECT = {
  ...AT,
  subject: RAW_SUBJECT,
  schemas: AVRO_SCHEMAS[RAW_SUBJECT]!.map((schema) => JSON.stringify(schema)),
  compatibility: 'FULL_TRANSITIVE',
}

test('a subject is registered, and its ids are outputs', async (t) => {
  const subject = await (await plugin(t)).provider('subject')

  const { outs } = await subject.create(SUBJECT)

  const id = await scene.registry.idOf(RAW_SUBJECT, currentSchema(RAW_SUBJECT))
  assert.deepEqual(outs['ids'], [id])
})

test("an incompatible schema is refused in the registry's own words", async (t) => {
  const subject = await (await plugin(t)).provider('subject')
  const raw = currentSchema(RAW_SUBJECT) as { fields: object[] }
  const demanding = { ...raw, fields: [...raw.fields, { name: 'shop', type: 'string' }] }
  const schemas = [...SUBJECT.schemas, JSON.stringify(demanding)]

  const update = subject.update(SUBJECT, { ...SUBJECT, schemas })

  await assert.rejects(update, /refuses the schema: .*Incompatible artifact: .*shop at \/fields\/6/)
  assert.equal((await scene.registry.subjectIds(RAW_SUBJECT)).size, 1)
})

test('a flip is killed half-way, set back, and made again: the shares are where the config says', async (t) => {
  // Prepare
  await scene.worker('a', { DEPLOYMENT: 'node-1' })
  await scene.worker('b', { DEPLOYMENT: 'node-2' })
  await scene.produce(7, 50, 500)
  await scene.caughtUp()
  const day1 = { ...BOTH, target: NODE_1 }
  const flip = { ...BOTH, target: NODE_2, force: 'no comparer here' }

  // Act: day 1; then a flip without a verdict
  const first = await plugin(t)
  const shares = await first.provider('shares')
  const { outs: state } = await shares.create(day1)
  assert.equal(state['epoch'], 1)
  await assert.rejects(shares.update(state, { ...flip, force: '' }), /stay as they are:\n {2}- /)

  // Act: a flip that is killed
  const killed = assert.rejects(shares.update(state, flip))
  assert.deepEqual(await first.printed(1), ['shares: epoch 2: node-2 gets its buckets as well'])
  await first.killEngine()
  await Promise.all([killed, first.ended])

  // Assess: the state's inputs are those of day 1, and yet there is something to do
  const second = await plugin(t)
  const again = await second.provider('shares')
  assert.deepEqual(await again.diff(state, day1), { changes: true, replaces: [] })
  const [seen] = await second.printed(1)
  assert.match(seen!, /is in a swap \(\w+\) from node-1 0–99 to node-2 0–99; wanted is node-1 0–99/)

  // Act: back, and forth to the end
  const back = await again.update(state, day1)
  assert.deepEqual(await again.diff(back, day1), { changes: false, replaces: [] })
  const forth = await again.update(back, flip)

  // Assess
  assert.deepEqual(await again.diff(forth, flip), { changes: false, replaces: [] })
  assert.ok((forth['epoch'] as number) > (back['epoch'] as number))
  assert.deepEqual(await again.read(back), { ...back, epoch: forth['epoch'] })
})
