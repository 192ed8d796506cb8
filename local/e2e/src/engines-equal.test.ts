import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Outputs, placeOf, problemsOf, unasked, type Expected } from '@order-up/conform'
import type { DeploymentId } from '@order-up/control'
import { asOnlyWriter, epochMessage, observe, readEpoch } from '@order-up/control/operations'
import {
  createKafka,
  createRegistry,
  KafkaConfig,
  openFetcher,
  parseConfig,
  silentLog,
  type Fetcher,
} from '@order-up/kit'
import { fold, rowOf, type OrderState } from '@order-up/fold'
import {
  CURATED_SUBJECT,
  currentSchema,
  decodeRaw,
  ENGINES,
  ownedBuckets,
  RAW_SUBJECT,
  RAW_TOPIC,
  REASONS,
  type RawRecord,
  type SchemaIds,
  type SharesRecord,
} from '@order-up/schemas'
import { provideEngine } from '@order-up/stack'
import { startEngine, startTestStack } from '@order-up/stack/testing'
import type { IHeaders, Kafka } from 'kafkajs'
import { randomLog } from './random-log.fixture.ts'
import { until } from './worker-process.ts'

const RECORDS = 100_000
const PARTITIONS = 4
const TIMEOUT_MS = 5 * 60_000
const CHUNK = 5_000

const DEPLOYMENTS = ENGINES.map((engine): DeploymentId => `${engine}-1`)
/** Each writes a third to curated, and the rest to its shadow. */
const EPOCH: SharesRecord = {
  epoch: 2,
  shares: { 'node-1': [[0, 32]], 'flink-1': [[33, 65]], 'kafka-streams-1': [[66, 99]] },
  swap: null,
}

// What is not shown here: kills, rebalances, changes of shares. The conformance kit does that, an engine at a time.
test(
  'all three engines write the same to one random log, byte for byte',
  { timeout: TIMEOUT_MS },
  async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    t.diagnostic(`seed ${seed}`)
    const options = { env: process.env, onProgress: t.diagnostic.bind(t), signal: t.signal }
    const programs = []
    for (const engine of ENGINES) programs.push(await provideEngine(engine, options))
    await using stack = await startTestStack({ partitions: PARTITIONS })
    const kafka = createKafka(parseConfig(KafkaConfig, stack.kafkaConfig), 'e2e', silentLog())
    const registry = createRegistry(stack.registryUrl)
    const rawIds = await registry.subjectIds(RAW_SUBJECT)
    const curatedId = await registry.idOf(CURATED_SUBJECT, currentSchema(CURATED_SUBJECT))
    const schemaId = await registry.idOf(RAW_SUBJECT, currentSchema(RAW_SUBJECT))
    const fetcher = await openFetcher(kafka)
    t.after(() => fetcher.close())
    await writeEpoch(kafka, fetcher)
    await append(
      kafka,
      randomLog({
        seed,
        records: RECORDS,
        partitions: PARTITIONS,
        schemaId,
        orders: 4_000,
        dozensOfIds: 3,
      }),
    )

    const began = performance.now()
    const engines = await Promise.all(
      programs.map((program, i) =>
        startEngine(program, {
          deployment: DEPLOYMENTS[i]!,
          instance: 'a',
          stateDir: join(stack.dataDir, 'state'),
          env: stack.kafkaConfig,
        }),
      ),
    )
    t.after(() => Promise.all(engines.map((engine) => engine.kill('SIGKILL'))))
    await caughtUp(kafka, fetcher)
    t.diagnostic(
      `all three have done it after ${Math.round((performance.now() - began) / 1_000)} s`,
    )

    const expected = await answersOf(fetcher, rawIds)
    assert.equal(expected.size, RECORDS)
    for (const deployment of DEPLOYMENTS) {
      const outputs = new Outputs(fetcher, deployment, { alone: false })
      await outputs.advance((what, is) => until(what, async () => (await is()) === true))
      const owned = ownedBuckets(EPOCH, deployment)
      const rules = { deployment, curatedId, owns: (bucket: number) => owned[bucket] === true }
      const problems = [...expected].flatMap(([place, one]) =>
        problemsOf(one, outputs.seen.get(place) ?? [], rules),
      )
      for (const [place, seen] of outputs.seen)
        if (!expected.has(place)) problems.push(...seen.map((output) => unasked(output, rules)))
      assert.deepEqual(problems.slice(0, 20), [], `${deployment}, seed ${seed}`)
    }

    const kinds = Map.groupBy(expected.values(), ({ answer }) =>
      answer.is === 'dead letter' ? answer.reason : answer.is,
    )
    t.diagnostic([...kinds].map(([kind, all]) => `${kind} ${all.length}`).join(', '))
    for (const kind of ['row', 'duplicate', ...REASONS] as const)
      assert.ok(
        (kinds.get(kind)?.length ?? 0) >= 100,
        `too few records end as ${kind} to say anything`,
      )
  },
)

async function writeEpoch(kafka: Kafka, fetcher: Fetcher): Promise<void> {
  const seen = await readEpoch(fetcher)
  await asOnlyWriter(kafka, fetcher, seen, (write) => write([epochMessage(EPOCH)]))
}

const HEADERS: readonly IHeaders[] = [
  { trace: 'abc', 'dlq-reason': 'old' },
  { again: ['1', '2'], 'dlq-other': Buffer.of(0, 255) },
]

async function append(kafka: Kafka, log: readonly RawRecord[]): Promise<void> {
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  for (let i = 0; i < log.length; i += CHUNK) {
    const messages = log
      .slice(i, i + CHUNK)
      .map((record, n) => ({ ...record, headers: HEADERS[n % 10] ?? {} }))
    await producer.send({ topic: RAW_TOPIC, acks: -1, messages })
  }
  await producer.disconnect()
}

async function caughtUp(kafka: Kafka, fetcher: Fetcher): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  const isThere = async () => {
    const { ends, deployments } = await observe({ admin, fetcher }, undefined, DEPLOYMENTS)
    return DEPLOYMENTS.every((id) => ends.every((end, p) => deployments[id]!.committed[p]! >= end))
  }
  await until('all engines to reach the end of raw', isThere, TIMEOUT_MS).finally(() =>
    admin.disconnect(),
  )
}

/** By partition/offset: what the TypeScript codec and fold make of each record of raw. */
async function answersOf(fetcher: Fetcher, ids: SchemaIds): Promise<Map<string, Expected>> {
  const states = new Map<string, OrderState>()
  const answers = new Map<string, Expected>()
  for (const [partition, to] of (await fetcher.lastStableOffsets(RAW_TOPIC)).entries())
    for await (const { records } of fetcher.read(RAW_TOPIC, { partition, from: 0, to }))
      for (const record of records)
        answers.set(placeOf(record), { record, answer: answerTo(record, ids, states) })
  return answers
}

function answerTo(
  record: RawRecord,
  ids: SchemaIds,
  states: Map<string, OrderState>,
): Expected['answer'] {
  const decoded = decodeRaw(record, ids, PARTITIONS)
  if (decoded.kind === 'rejected') return { is: 'dead letter', reason: decoded.reason }
  if (decoded.kind !== 'event') throw new Error(`a record of ${decoded.kind}`)
  const { order_id: orderId } = decoded.event
  const state = fold(states.get(orderId) ?? null, decoded.event)
  if (state === 'duplicate') return { is: 'duplicate', orderId, ofRaw: undefined }
  states.set(orderId, state)
  const row = rowOf(orderId, state)
  return { is: 'row', orderId, version: row.version, row }
}
