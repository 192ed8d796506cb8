import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTopic } from '@order-up/kit'
import {
  bucketOf,
  CURATED_TOPIC,
  currentSchema,
  DLQ_TOPIC,
  encodeEvent,
  engineGroup,
  partitionOf,
  RAW_SUBJECT,
  RAW_TOPIC,
  REPORTS_TOPIC,
  SHARES_KEY,
  SHARES_TOPIC,
  shadowDlqTopic,
  shadowTopic,
  type SharesRecord,
} from '@order-up/schemas'
import type { Kafka, Message } from 'kafkajs'
import { EngineScene } from './engine-scene.ts'
import { truthOf } from './oracle.ts'
import { until } from './worker-process.ts'

async function send(kafka: Kafka, topic: string, messages: Message[]): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages }).finally(() => producer.disconnect())
}

const writeEpoch = (kafka: Kafka, epoch: SharesRecord) =>
  send(kafka, SHARES_TOPIC, [{ key: SHARES_KEY, value: JSON.stringify(epoch), partition: 0 }])

/** partition/offset in raw → the bucket of its key, for every record of a topic that an engine wrote */
async function lineage(kafka: Kafka, topic: string, prefix: 'raw' | 'dlq') {
  const found = new Map<string, number>()
  await readTopic(kafka, topic, (records) => {
    for (const { key, headers } of records) {
      const at = ['partition', 'offset']
        .map((name) => String(headers[`${prefix}-${name}`]))
        .join('/')
      assert.ok(!found.has(at), `${at} is in ${topic} twice`)
      found.set(at, bucketOf(key))
    }
  })
  return found
}

test('a new epoch is taken up while running and after a restart: what is not owned goes to shadow', async (t) => {
  const scene = await EngineScene.open(t)
  const { kafka } = scene
  const worker = await scene.worker('a')
  await scene.produce(1, 300, 0)
  await scene.caughtUp()

  const epoch: SharesRecord = {
    epoch: 2,
    shares: { 'node-1': [[0, 49]], 'flink-1': [[50, 99]] },
    swap: null,
  }
  await writeEpoch(kafka, epoch)
  await until('the report of epoch 2', async () => {
    let last = ''
    await readTopic(kafka, REPORTS_TOPIC, (records) => {
      last = records.at(-1)!.value!.toString()
      assert.equal(records.at(-1)!.key!.toString(), 'node-1/a')
    })
    return last.includes('"epoch":2')
  })
  const before = new Set((await lineage(kafka, CURATED_TOPIC, 'raw')).keys())
  await scene.produce(2, 300, 0)
  await scene.caughtUp()
  await worker.kill('SIGKILL')
  const again = await scene.worker('a')
  await scene.produce(3, 300, 0)
  await scene.caughtUp()

  const [curated, shadow] = await Promise.all([
    lineage(kafka, CURATED_TOPIC, 'raw'),
    lineage(kafka, shadowTopic('node-1'), 'raw'),
  ])
  const after = [...curated].filter(([at]) => !before.has(at))
  assert.ok(after.length > 500 && shadow.size > 500)
  assert.ok(after.every(([, bucket]) => bucket < 50))
  assert.ok([...shadow.values()].every((bucket) => bucket >= 50))
  const truth = await truthOf(kafka, await scene.registry.subjectIds(RAW_SUBJECT))
  const applied = [...truth.rows].flatMap(([p, rows]) => rows.map(({ offset }) => `${p}/${offset}`))
  assert.deepEqual([...curated.keys(), ...shadow.keys()].toSorted(), applied.toSorted())
  const [letters, shadowLetters] = await Promise.all([
    lineage(kafka, DLQ_TOPIC, 'dlq'),
    lineage(kafka, shadowDlqTopic('node-1'), 'dlq'),
  ])
  const rejected = [...truth.deadLetters.values()].flat().length
  assert.equal(letters.size + shadowLetters.size, rejected)
  assert.ok([...shadowLetters.values()].every((bucket) => bucket >= 50) && shadowLetters.size > 5)
  assert.equal(await again.kill('SIGTERM'), 0, again.stderr())
})

test('without an epoch a worker waits and says so; a record that is none stops it', async (t) => {
  const scene = await EngineScene.open(t)
  const { kafka } = scene
  const admin = kafka.admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [SHARES_TOPIC] })
  await admin.createTopics({
    topics: [{ topic: SHARES_TOPIC, numPartitions: 1, replicationFactor: 1 }],
  })
  await admin.disconnect()
  await scene.produce(1, 50, 0)

  const worker = await scene.worker('a')
  await until('the worker to say that it waits', async () =>
    worker.stderr().includes('waiting for the first epoch'),
  )
  assert.equal(await scene.committed(), 0)
  await writeEpoch(kafka, { epoch: 1, shares: { 'node-1': [[0, 99]] }, swap: null })
  await scene.caughtUp()
  await send(kafka, SHARES_TOPIC, [{ key: SHARES_KEY, value: '{"epoch":"two"}', partition: 0 }])

  assert.equal(await worker.exited, 1)
  assert.match(worker.stderr(), /is not an epoch/)
  const again = await scene.worker('a') // the record stands there from its start on
  assert.equal(await again.exited, 1)
  assert.match(again.stderr(), /"level":60,.*is not an epoch/)
})

test('a record of a newer schema stops the engine before it; one of an id that nobody registered is dead-lettered', async (t) => {
  const scene = await EngineScene.open(t)
  const { kafka, registry } = scene
  await scene.produce(1, 100, 0)
  const worker = await scene.worker('a')
  await scene.caughtUp()
  // registered while the engine runs, as by a deploy
  const schema = currentSchema(RAW_SUBJECT) as { fields: object[] }
  const note = { name: 'note', type: ['null', 'string'], default: null }
  const newId = await registry.register(RAW_SUBJECT, {
    ...schema,
    fields: [...schema.fields, note],
  })
  const record = (orderId: string, id: number): Message => {
    const key = Buffer.from(orderId)
    const value = encodeEvent(
      {
        event_id: '00000000-0000-4000-8000-000000000001',
        event_type: 'ORDER_CANCELLED',
        event_ts: Date.UTC(2026),
        order_id: orderId,
        payload: { reason: 'test' },
        schema_version: 2,
      },
      id,
    )
    return { key, value: Buffer.concat([value, Buffer.of(0)]), partition: partitionOf(key, 4) }
  }

  await send(kafka, RAW_TOPIC, [record('unknown', 4_000_000)])
  await scene.caughtUp()
  await send(kafka, RAW_TOPIC, [record('newer', newId)])

  assert.equal(await worker.exited, 1)
  assert.match(worker.stderr(), /schema version 2 .* does not know/)
  const truth = await truthOf(kafka, await registry.subjectIds(RAW_SUBJECT)).catch(() => undefined)
  assert.equal(truth, undefined, 'this code cannot read on either')
  const reasons: string[] = []
  await readTopic(kafka, DLQ_TOPIC, (records) => {
    for (const { key, headers } of records)
      if (!key || /^(unknown|newer)$/.test(key.toString()))
        reasons.push(String(headers['dlq-reason']))
  })
  assert.deepEqual(reasons, ['unknown_schema_id'])
  const again = await scene.worker('a')
  assert.equal(await again.exited, 1, 'and a restart does not skip it')
})

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
    topics: [RAW_TOPIC, CURATED_TOPIC, DLQ_TOPIC].map((topic) => ({ topic, numPartitions: 4 })),
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
  const curated = await lineage(kafka, CURATED_TOPIC, 'raw')
  assert.ok(expected.length > 100 && truth.duplicates > 1_000)
  assert.deepEqual([...curated.keys()].toSorted(), expected.toSorted())
})
