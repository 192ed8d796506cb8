import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  KafkaConfig,
  createKafka,
  createRegistry,
  kafkajs,
  parseConfig,
  readTopic,
  silentLog,
  type Registry,
  type TopicRecord,
} from '@order-up/kit'
import {
  GenerateOptions,
  createIngest,
  createRawSender,
  runGenerator,
  runReplay,
  type Appended,
  type HttpResponse,
  type Outcome,
  type Problem,
} from '@order-up/producer'
import { RAW_SUBJECT, RAW_TOPIC, decodeRaw, type OrderEvent } from '@order-up/schemas'
import { startTestStack, type TestStack } from '@order-up/stack/testing'
import type { Kafka } from 'kafkajs'
import { startWorker, until } from './worker-process.ts'

// The producer on a real broker and registry. What is not shown here: more than one broker, and a changing leader.

const PARTITIONS = 4
const DEADLINE_MS = 3_000

let stack: TestStack
let kafka: Kafka
let registry: Registry
/** offset of the first record of the running test, by partition */
let from: number[]

before(async () => {
  stack = await startTestStack({ partitions: PARTITIONS })
  const config = parseConfig(KafkaConfig, stack.kafkaConfig)
  kafka = createKafka(config, 'e2e', silentLog())
  registry = createRegistry(stack.registryUrl)
})
after(() => stack.stop())

/** Where raw ends now: what the test appends comes after. */
async function mark() {
  const admin = kafka.admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(RAW_TOPIC).finally(() => admin.disconnect())
  from = []
  for (const { partition, high } of offsets) from[partition] = Number(high)
}

/** What was appended since mark(). */
async function appended(): Promise<TopicRecord[]> {
  const records: TopicRecord[] = []
  await readTopic(kafka, RAW_TOPIC, (batch) => {
    records.push(...batch.filter(({ partition, offset }) => offset >= from[partition]!))
  })
  return records
}

/** As an engine reads them. */
async function decode(records: TopicRecord[]) {
  const ids = await registry.subjectIds(RAW_SUBJECT)
  return records.map((record) => decodeRaw(record, ids, PARTITIONS))
}
async function events(records: TopicRecord[]): Promise<OrderEvent[]> {
  return (await decode(records)).flatMap((d) => (d.kind === 'event' ? [d.event] : []))
}

const delivered = (n: number) => ({
  event_id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  event_type: 'ORDER_DELIVERED',
  event_ts: Date.UTC(2026, 0, 1),
  order_id: `ördér-${n}`,
  payload: { signed_by: 'Zoë' },
})

function open() {
  const ingest = createIngest({
    openSender: () => createRawSender({ kafka, registry, patienceMs: DEADLINE_MS }),
    deadlineMs: DEADLINE_MS,
    log: silentLog(),
  })
  const post = (body: unknown): Promise<HttpResponse> =>
    ingest.handle({
      method: 'POST',
      path: '/events',
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify(body)),
    })
  return { ...ingest, post }
}

const brokerPid = () => stack.supervisor.status().find(({ name }) => name === 'broker')!.pid!

test('202: what is accepted lies in raw where the answer says, byte for byte as engines read it', async () => {
  await mark()
  const { post, close } = open()
  const sent = Array.from({ length: 500 }, (_, n) => delivered(n))
  const response = await post(sent)
  await close()

  assert.equal(response.status, 202)
  const { accepted } = response.body as Outcome
  const records = await appended()
  assert.equal(records.length, sent.length)
  const ids = await registry.subjectIds(RAW_SUBJECT)
  for (const { index, event_id, partition, offset } of accepted) {
    const record = records.find((r) => r.partition === partition && r.offset === offset)
    assert.ok(record)
    assert.deepEqual(record.key, Buffer.from(sent[index]!.order_id))
    assert.deepEqual(decodeRaw(record, ids, PARTITIONS), {
      kind: 'event',
      event: { ...sent[index], schema_version: 1 },
    })
    assert.equal(event_id, sent[index]!.event_id)
  }
  assert.equal(accepted.length, sent.length)
})

test('207 appends the good ones, 400 nothing', async () => {
  await mark()
  const { post, close } = open()
  const bad = { ...delivered(1), event_ts: 1 }
  const mixed = await post([bad, delivered(2)])
  const none = await post([bad])
  await close()

  assert.deepEqual([mixed.status, none.status], [207, 400])
  assert.deepEqual(
    (await events(await appended())).map(({ order_id }) => order_id),
    ['ördér-2'],
  )
})

test('requests at the same time share a connection and keep the order of their events', async () => {
  await mark()
  const { post, close } = open()
  const requests = Array.from({ length: 20 }, (_, r) =>
    Array.from({ length: 50 }, (_, n) => ({ ...delivered(r * 50 + n), order_id: `r${r}` })),
  )
  const responses = await Promise.all(requests.map(post))
  await close()

  assert.ok(responses.every(({ status }) => status === 202))
  const byOrder = Map.groupBy(await events(await appended()), ({ order_id }) => order_id)
  for (const [r, sent] of requests.entries())
    assert.deepEqual(
      byOrder.get(`r${r}`)?.map(({ event_id }) => event_id),
      sent.map(({ event_id }) => event_id),
    )
})

test('acknowledgements that get lost: each message is in raw once, where the sender says', async () => {
  await mark()
  const sender = await createRawSender({ kafka: kafkaWithLostAnswers(), registry })
  const sent: OrderEvent[] = []
  const where: Appended[] = []
  // messages of one partition, alone and at the same time: the broker takes two requests of equal size and equal
  // sequence number for one
  for (let round = 0; round < 15; round++) {
    const events = Array.from(
      { length: 10 },
      (_, n) => ({ ...delivered(round * 10 + n), order_id: 'one' }) as OrderEvent,
    )
    const answers = await Promise.all(events.map((e) => sender.send([sender.messageOf(e)])))
    sent.push(...events)
    where.push(...answers.flat())
  }
  await sender.close()

  const records = await appended()
  const ids = await registry.subjectIds(RAW_SUBJECT)
  assert.equal(records.length, sent.length)
  const idAt = new Map(
    records.map((r) => {
      const decoded = decodeRaw(r, ids, PARTITIONS)
      return [`${r.partition}/${r.offset}`, decoded.kind === 'event' && decoded.event.event_id]
    }),
  )
  for (const [i, { partition, offset }] of where.entries())
    assert.equal(idAt.get(`${partition}/${offset}`), sent[i]!.event_id)
})

/** A client whose connections break now and then when an answer arrives, before it is read. */
function kafkaWithLostAnswers(): Kafka {
  let answers = 0
  return new kafkajs.Kafka({
    brokers: [stack.brokers],
    retry: { initialRetryTime: 10, maxRetryTime: 100, retries: 12 },
    logLevel: kafkajs.logLevel.NOTHING,
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect(port, host, onConnect)
      const emit = socket.emit.bind(socket)
      socket.emit = (event: string, ...args: unknown[]) => {
        if (event !== 'data' || ++answers % 7 !== 0) return emit(event, ...args)
        socket.destroy(new Error('the connection broke'))
        return true
      }
      return socket
    },
  })
}

test('503 in time while the broker is stopped; the same request is accepted once it goes on', async () => {
  await mark()
  const { post, trouble, close } = open()
  assert.equal((await post(delivered(1))).status, 202)

  const pid = brokerPid()
  process.kill(pid, 'SIGSTOP')
  try {
    for (const connection of ['a connection that was well', 'a new connection']) {
      const startedAt = Date.now()
      const response = await post(delivered(2))
      assert.equal(response.status, 503, connection)
      assert.equal((response.body as Problem).error.code, 'KAFKA_UNREACHABLE')
      assert.ok(Date.now() - startedAt < DEADLINE_MS + 1_000)
      assert.equal(trouble(), 'KAFKA_UNREACHABLE')
    }
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await until('accepted again', async () => (await post(delivered(2))).status === 202)
  await close()

  assert.equal(trouble(), undefined)
  const ids = (await events(await appended())).map(({ event_id }) => event_id)
  assert.deepEqual([...new Set(ids)], [delivered(1).event_id, delivered(2).event_id])
})

test('a generator outlives a killed broker, and each record is in raw once', async () => {
  await mark()
  const options = { seed: 5, orders: 20_000, rate: 0, duplicates: 0, late: 0.1, malformed: 0.01 }
  const retries: string[] = []
  let killed = false
  const result = await runGenerator({
    kafka,
    registry,
    options: GenerateOptions.parse(options),
    signal: new AbortController().signal,
    onProgress: ({ total }) => {
      if (killed || total < 20_000) return
      killed = true
      process.kill(brokerPid(), 'SIGKILL')
    },
    onRetry: (why) => retries.push(why),
  })

  const decoded = await decode(await appended())
  const count = (kind: string) => decoded.filter((d) => d.kind === kind).length
  const ids = decoded.flatMap((d) => (d.kind === 'event' ? [d.event.event_id] : []))
  assert.ok(killed)
  assert.ok(result.complete)
  assert.deepEqual(
    [count('event'), count('rejected')],
    [result.event + result.late, result.malformed],
  )
  assert.equal(new Set(ids).size, ids.length, `after ${retries.length} retries`)
})

test('a stopped generator has sent what it says, and ends at once', async () => {
  await mark()
  const stop = new AbortController()
  const result = await runGenerator({
    kafka,
    registry,
    options: GenerateOptions.parse({ seed: 6, rate: 2_000 }),
    signal: stop.signal,
    onProgress: ({ total }) => {
      if (total > 1_000) stop.abort()
    },
  })
  assert.equal(result.complete, false)
  assert.equal((await appended()).length, result.total)
})

test('a generator that is stopped while Kafka is away gives up within 10 s', async () => {
  const stop = new AbortController()
  const pid = brokerPid()
  let abortedAt = 0
  const run = runGenerator({
    kafka,
    registry,
    options: GenerateOptions.parse({ seed: 7, rate: 0, orders: 1_000_000 }),
    signal: stop.signal,
    onProgress: () => {
      if (abortedAt > 0) return
      process.kill(pid, 'SIGSTOP')
      abortedAt = Date.now()
      stop.abort()
    },
  })
  try {
    assert.equal((await run).complete, false)
    assert.ok(Date.now() - abortedAt < 10_000)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

test('a rate is kept', async () => {
  const startedAt = performance.now()
  const { total } = await runGenerator({
    kafka,
    registry,
    options: GenerateOptions.parse({ seed: 8, rate: 500, orders: 300, eventsPerOrder: 4 }),
    signal: new AbortController().signal,
  })
  const rate = total / ((performance.now() - startedAt) / 1_000)
  assert.ok(rate > 300 && rate < 510, `${rate} records a second`)
})

const OLIST = fileURLToPath(new URL('../../../../shared/data/olist', import.meta.url))
test(
  'a replay appends the files in the order of time, and a second one the same events again',
  { skip: existsSync(OLIST) ? false : `${OLIST} is not there` },
  async () => {
    const signal = new AbortController().signal
    await mark()
    const first = await runReplay({ dir: OLIST, kafka, registry, signal })
    const once = await appended()
    await mark()
    await runReplay({ dir: OLIST, kafka, registry, signal })
    const twice = await appended()

    assert.ok(first.complete)
    assert.equal(first.orders, 2_456)
    assert.equal((await events(once)).length, first.of)
    const values = (records: TopicRecord[], partition: number) =>
      records.filter((r) => r.partition === partition).map(({ value }) => value!.toString('hex'))
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const inPartition = once.filter((r) => r.partition === partition)
      const times = (await events(inPartition)).map(({ event_ts }) => event_ts)
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
      assert.deepEqual(values(twice, partition), values(once, partition))
    }
  },
)

test('the local server: a process that accepts, measures, and stops when it is told to', async () => {
  await mark()
  const worker = await startWorker('producer/src/main.ts', stack.kafkaConfig)
  const url = `http://127.0.0.1:${worker.httpPort}`
  const response = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(delivered(1)),
  })
  const health = await fetch(`${url}/healthz`)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const code = await worker.kill('SIGTERM')

  assert.deepEqual([response.status, health.status, code], [202, 200, 0])
  assert.match(metrics, /orderup_producer_events_total\{outcome="accepted"\} 1/)
  assert.equal((await events(await appended())).length, 1)
})
