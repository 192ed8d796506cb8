import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createKafka,
  createRegistry,
  KafkaConfig,
  parseConfig,
  readTopic,
  silentLog,
} from '@order-up/kit'
import { startLambda } from '@order-up/kit/testing'
import { decodeRaw, RAW_SUBJECT, RAW_TOPIC } from '@order-up/schemas'
import { startTestStack } from '@order-up/stack/testing'

// Not shown: API Gateway itself. The bundle: bundles.test.ts.

const PARTITIONS = 4

const delivered = (n: number) => ({
  event_id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  event_type: 'ORDER_DELIVERED',
  event_ts: Date.UTC(2026, 0, 1),
  order_id: `ördér-${n}`,
  payload: { signed_by: 'Zoë' },
})

/** A request as an API Gateway HTTP API hands it over (payload format 2.0). */
const post = (body: unknown) => ({
  version: '2.0',
  routeKey: 'POST /events',
  rawPath: '/events',
  rawQueryString: '',
  headers: { 'content-type': 'application/json' },
  requestContext: {
    stage: '$default',
    http: { method: 'POST', path: '/events', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
  },
  body: Buffer.from(JSON.stringify(body)).toString('base64'),
  isBase64Encoded: true,
})

test('what is posted to the Lambda, under the real runtime client, is in raw', async (t) => {
  const stack = await startTestStack({ partitions: PARTITIONS })
  t.after(() => stack.stop())
  const lambda = await startLambda(import.meta.resolve('@order-up/producer/lambda'), {
    ...stack.kafkaConfig,
    LOG_LEVEL: 'silent',
    METRICS: 'emf',
    STACK: 'test',
  })
  if ('missing' in lambda) return t.skip(`needs ${lambda.missing}`)
  t.after(() => lambda.stop())
  const bad = { ...delivered(3), event_id: 'none' }

  const all = await lambda.invoke(post([delivered(1), delivered(2)]))
  const some = await lambda.invoke(post([bad, delivered(4)]))
  const none = await lambda.invoke(post(bad))

  const statuses = [all, some, none].map(({ ok, body }) => [
    ok,
    (body as { statusCode: number }).statusCode,
  ])
  assert.deepEqual(statuses, [
    [true, 202],
    [true, 207],
    [true, 400],
  ])
  const { _aws, ...metrics } = JSON.parse(lambda.stdout()) as Record<string, unknown>
  assert.ok(_aws)
  assert.deepEqual(metrics, { Stack: 'test', Worker: 'producer', Accepted: 2, Rejected: 0 })
  const config = parseConfig(KafkaConfig, stack.kafkaConfig)
  const ids = await createRegistry(stack.registryUrl).subjectIds(RAW_SUBJECT)
  const found: string[] = []
  await readTopic(createKafka(config, 'e2e', silentLog()), RAW_TOPIC, (records) => {
    for (const record of records) {
      const decoded = decodeRaw(record, ids, PARTITIONS)
      assert.equal(decoded.kind, 'event')
      if (decoded.kind === 'event') found.push(decoded.event.order_id)
    }
  })
  assert.deepEqual(found.toSorted(), ['ördér-1', 'ördér-2', 'ördér-4'])
})
