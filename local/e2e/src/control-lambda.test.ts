import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startLambda } from '@order-up/kit/testing'
import { AVRO_SCHEMAS, CURATED_SUBJECT } from '@order-up/schemas'
import { startTestStack } from '@order-up/stack/testing'

// Not shown: the bundle (bundles.test.ts); IAM, the VPC and the scheduler.

test('the control function under the real runtime client: answers, also where something is wrong', async (t) => {
  const stack = await startTestStack({ partitions: 2 })
  t.after(() => stack.stop())
  const lambda = await startLambda(import.meta.resolve('@order-up/control/lambda'), {
    ...stack.kafkaConfig,
    STACK: 'test',
    LOG_LEVEL: 'silent',
  })
  if ('missing' in lambda) return t.skip(`needs ${lambda.missing}`)
  t.after(() => lambda.stop())
  const ask = async (event: object) => {
    const { ok, body } = await lambda.invoke(event)
    assert.ok(ok, JSON.stringify(body))
    return body as { error?: { code: string; message: string }; [key: string]: unknown }
  }
  const schemas = AVRO_SCHEMAS[CURATED_SUBJECT]!.map((schema) => JSON.stringify(schema))
  const subject = {
    action: 'subject',
    subject: CURATED_SUBJECT,
    schemas,
    compatibility: 'FULL_TRANSITIVE',
  }
  const swap = {
    action: 'swap',
    target: { 'node-1': [[0, 99]] },
    running: ['node-1'],
    proofs: [],
    lagBound: 0,
  }

  const { ids } = await ask(subject)
  assert.deepEqual((await ask(subject))['ids'], ids)
  const other = JSON.stringify({ type: 'record', name: 'Other', fields: [] })
  const { error } = await ask({ ...subject, schemas: [...schemas, other] })
  assert.equal(error?.code, 'SCHEMA_INCOMPATIBLE')
  assert.match(error?.message ?? '', /refuses the schema: .*compatib/i)

  assert.deepEqual(await ask(swap), { state: 'done', epoch: 1, lines: [] })
  const waiting = await ask({
    ...swap,
    target: { 'node-1': [[10, 99]], 'node-2': [[0, 9]] },
    running: ['node-1', 'node-2'],
  })
  assert.deepEqual(waiting, {
    state: 'stepped',
    epoch: 2,
    step: 'overlap',
    lines: ['node-2 gets its buckets as well'],
  })
  assert.deepEqual(await ask(swap), {
    state: 'stepped',
    epoch: 3,
    step: null,
    lines: ['the swap is taken back: nobody has given up a bucket yet'],
  })
  assert.deepEqual(await ask({ action: 'shares' }), {
    record: { epoch: 3, shares: { 'node-1': [[0, 99]] }, swap: null, previous: null },
  })
  assert.deepEqual(await ask({ action: 'probe' }), { measured: 1 })

  const unknown = await ask({ action: 'swop' })
  assert.equal(unknown.error?.code, 'EVENT')
  assert.match(unknown.error?.message ?? '', /not an event: .*action/s)
  const hole = await ask({ ...swap, target: { 'node-1': [[0, 98]] } })
  assert.deepEqual(hole, {
    state: 'refused',
    epoch: 3,
    lines: ['the target does not give every bucket exactly one owner'],
  })
})
