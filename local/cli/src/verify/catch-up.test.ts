import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ControlRecord } from '@order-up/control'
import {
  KafkaConfig,
  createKafka,
  groupOffsets,
  openFetcher,
  parseConfig,
  readRange,
  silentLog,
  watermarksOf,
  type Fetcher,
} from '@order-up/kit'
import { RAW_TOPIC } from '@order-up/schemas'
import { startTestStack, type TestStack } from '@order-up/stack/testing'
import type { Admin, Kafka, Transaction } from 'kafkajs'
import { waitForGroup, waitForSwap } from './catch-up.ts'

let stack: TestStack
let kafka: Kafka
let admin: Admin
let fetcher: Fetcher

before(async () => {
  stack = await startTestStack({ registry: false, partitions: 2 })
  kafka = createKafka(parseConfig(KafkaConfig, stack.kafkaConfig), 'test', silentLog())
  admin = kafka.admin()
  await admin.connect()
  fetcher = await openFetcher(kafka)
  await awaitCoordinator()
  await write('commit', 'a', 'b') // offsets 0, 1 and a marker at 2
  await write('abort', 'x', 'y') // 3, 4, marker at 5
  await write('commit', 'c') // 6, marker at 7
  await write('abort', 'z') // 8, marker at 9
  await until(async () => (await watermarksOf(admin, RAW_TOPIC))[1]?.high === 10)
})
after(async () => {
  await fetcher.close()
  await admin.disconnect()
  await stack.stop()
})

async function inTransaction(work: (transaction: Transaction) => Promise<unknown>) {
  const producer = kafka.producer({
    transactionalId: 'test',
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  await work(await producer.transaction())
  await producer.disconnect()
}

/** A commit is answered a moment before its markers are written. */
async function until(isSo: () => Promise<boolean>) {
  const deadline = performance.now() + 10_000
  while (!(await isSo())) assert.ok(performance.now() < deadline, 'the markers do not come')
}

/** One transaction on partition 1 of raw. */
const write = (end: 'commit' | 'abort', ...values: string[]) =>
  inTransaction(async (transaction) => {
    const messages = values.map((value) => ({ key: null, value, partition: 1 }))
    await transaction.send({ topic: RAW_TOPIC, messages })
    await transaction[end]()
  })

/** As an engine does: kafkajs's own way outside a transaction takes seconds. */
async function commit(consumerGroupId: string, offset: number) {
  await inTransaction(async (transaction) => {
    const partitions = [{ partition: 1, offset: String(offset) }]
    await transaction.sendOffsets({ consumerGroupId, topics: [{ topic: RAW_TOPIC, partitions }] })
    await transaction.commit()
  })
  await until(
    async () => (await groupOffsets(admin, consumerGroupId, RAW_TOPIC))[1]?.committed === offset,
  )
}

/** A new broker is for a moment not yet ready to be anybody's coordinator; a first member is let wait for it. */
async function awaitCoordinator() {
  let over = false
  const retry = { restartOnFailure: () => Promise.resolve(!over) }
  const consumer = kafka.consumer({ groupId: 'first', retry })
  await consumer.connect()
  await consumer.subscribe({ topic: RAW_TOPIC })
  const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve))
  await consumer.run({ eachMessage: () => Promise.resolve() })
  await joined
  over = true
  await consumer.disconnect()
}

const patience = (timeoutMs: number, said: string[] = []) => ({
  timeoutMs,
  signal: new AbortController().signal,
  onProgress: (line: string) => void said.push(line),
})

test('the offsets of a group are of partitions in their order', async () => {
  await commit('g-offsets', 4)
  assert.deepEqual(await groupOffsets(admin, 'g-offsets', RAW_TOPIC), [
    { partition: 0, low: 0, high: 0, committed: undefined },
    { partition: 1, low: 0, high: 10, committed: 4 },
  ])
  const never = await groupOffsets(admin, 'g-never', RAW_TOPIC)
  assert.deepEqual(
    never.map(({ committed }) => committed),
    [undefined, undefined],
  )
})

test('a range is read without markers, and without what was aborted', async () => {
  const read = async (from: number, to: number) => {
    const found: [number, string][] = []
    await readRange(kafka, RAW_TOPIC, { partition: 1, from, to }, (records) => {
      found.push(...records.map(({ offset, value }): [number, string] => [offset, String(value)]))
    })
    return found
  }
  assert.deepEqual(await read(0, 10), [
    [0, 'a'],
    [1, 'b'],
    [6, 'c'],
  ])
  assert.deepEqual(await read(1, 6), [[1, 'b']])
  assert.deepEqual(await read(7, 10), []) // markers and aborted records only
  assert.deepEqual(await read(5, 5), [])
})

const goal = (groupId: string) => ({
  who: 'the sink',
  groupId,
  topic: RAW_TOPIC,
  until: new Map([
    [0, 0],
    [1, 10],
  ]),
})

test('a group that has passed the last record is there, though what follows holds markers', async () => {
  await commit('g-done', 7)
  await waitForGroup({ admin, fetcher }, goal('g-done'), patience(20_000))
})

test('a group that stands still before a record is not, and is said to be behind', async () => {
  await commit('g-behind', 6)
  const said: string[] = []
  await assert.rejects(waitForGroup({ admin, fetcher }, goal('g-behind'), patience(3_000, said)), {
    code: 'NOT_CAUGHT_UP',
    message: /the sink is 4 offsets of orders\.events\.raw behind/,
  })
  assert.ok(said.includes('waiting: the sink is 4 offsets of orders.events.raw behind'))
  assert.ok(said.some((line) => line.endsWith('does not move')))
})

test('a group that gets there while it is waited for', async () => {
  await commit('g-late', 0)
  let commits: Promise<void> | undefined
  await waitForGroup({ admin, fetcher }, goal('g-late'), {
    ...patience(20_000),
    onProgress: () => void (commits ??= commit('g-late', 10)),
  })
  await commits
})

const shares = { 'flink-1': [[0, 99]] as [number, number][] }
const epoch: ControlRecord = { epoch: 3, shares, swap: null, previous: null }
const swap = { from: { 'node-1': shares['flink-1'] }, target: shares, startedAt: 0 }
const overlap: ControlRecord = { ...epoch, swap: { ...swap, step: 'overlap' } }
const release: ControlRecord = { ...epoch, swap: { ...swap, step: 'release', sampled: [0] } }
const failover: ControlRecord = { ...epoch, swap: { ...swap, step: 'overlap', dead: ['node-1'] } }

test('a swap that may lack rows is waited for, one that has given nothing up is not', async () => {
  const found = [failover, release, epoch]
  const said: string[] = []
  const read = () => Promise.resolve(found.shift()!)
  assert.equal(await waitForSwap(read, patience(20_000, said)), epoch)
  assert.equal(said.length, 2)
  assert.equal(await waitForSwap(() => Promise.resolve(overlap), patience(0)), overlap)
})

test('a swap that nobody carries on is told, with the ways on', async () => {
  const read = () => Promise.resolve(release)
  await assert.rejects(waitForSwap(read, patience(300)), {
    code: 'NOT_CAUGHT_UP',
    message: /a swap from node.* to flink.* stands at release, since 1970/,
    remedy: /order-up swap --to flink/,
  })
})
