import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import {
  createKafka,
  followTopic,
  KafkaConfig,
  parseConfig,
  readRange,
  silentLog,
  type TopicRecord,
} from '@order-up/kit'
import { RAW_TOPIC } from '@order-up/schemas'
import { startTestStack, type TestStack } from '@order-up/stack/testing'
import type { Kafka } from 'kafkajs'
import { until } from './worker-process.ts'

const PARTITIONS = 2

async function open(t: TestContext): Promise<{ stack: TestStack; kafka: Kafka }> {
  const stack = await startTestStack({ registry: false, partitions: PARTITIONS })
  t.after(() => stack.stop())
  const kafka = createKafka(parseConfig(KafkaConfig, stack.kafkaConfig), 'e2e', silentLog())
  return { stack, kafka }
}

/** Appends `count` values, 0, 1, 2…, to every partition. */
async function append(kafka: Kafka, count: number, first = 0): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  const values = Array.from({ length: count }, (_, i) => String(first + i))
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const messages = values.map((value) => ({ key: null, value, partition }))
    await producer.send({ topic: RAW_TOPIC, messages })
  }
  await producer.disconnect()
}

function killBroker({ supervisor }: TestStack): void {
  process.kill(supervisor.status().find(({ name }) => name === 'broker')!.pid!, 'SIGKILL')
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => String(i))
const valuesOf = (records: readonly TopicRecord[], partition: number) =>
  records.filter((r) => r.partition === partition).map(({ value }) => String(value))

// A reader joined its group again after the broker had restarted, began at 0, and delivered everything twice: an
// engine would have acted on an epoch long past.
test('readers whose broker restarts deliver each record once, in order, and go on', async (t) => {
  const { stack, kafka } = await open(t)
  await append(kafka, 500)
  const followed: TopicRecord[] = []
  const follower = await followTopic(kafka, RAW_TOPIC, (records) => void followed.push(...records))
  t.after(() => follower.stop())
  await follower.caughtUp
  const ranged: TopicRecord[] = []
  const range = { partition: 1, from: 5, to: 510 }
  const reading = readRange(kafka, RAW_TOPIC, range, (records) => void ranged.push(...records))
  await until('the range to be read as far as it goes', () => Promise.resolve(ranged.length > 494))

  killBroker(stack)
  await until('the broker to be back', async () => {
    await append(kafka, 20, 500)
    return true
  })
  await until('the follower to go on', () => Promise.resolve(followed.length >= 1_040))
  await reading

  for (let partition = 0; partition < PARTITIONS; partition++)
    assert.deepEqual(valuesOf(followed, partition), upTo(520))
  assert.deepEqual(valuesOf(ranged, 1), upTo(510).slice(5))
  assert.equal(ranged.length, 505)
})

/** Waits until the one reader is a member of its group. */
const joined = (kafka: Kafka) =>
  until('the reader to have joined its group', async () => {
    const admin = kafka.admin()
    await admin.connect()
    try {
      const { groups } = await admin.listGroups()
      const ids = groups.map(({ groupId }) => groupId)
      const described = await admin.describeGroups(ids.filter((id) => id.startsWith('order-up.')))
      return described.groups.some(({ state }) => state === 'Stable')
    } finally {
      await admin.disconnect()
    }
  })

function isListening(address: string): Promise<boolean> {
  const [host, port] = address.split(':')
  const socket = connect(Number(port), host)
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  }).finally(() => socket.destroy())
}

for (const [broker, isBack] of [
  ['that is gone for good', false],
  ['that comes back just then', true],
] as const)
  // kafkajs restarts a consumer that fails, and cannot stop one that is about to restart: it stayed for ever
  test(`a follower that is stopped without a broker, one ${broker}, is gone`, async (t) => {
    const { stack, kafka } = await open(t)
    const child = fork(new URL('./follower.fixture.ts', import.meta.url), [RAW_TOPIC], {
      env: { PATH: process.env['PATH'], ...stack.kafkaConfig },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    t.after(() => void child.kill('SIGKILL'))
    let said = ''
    child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await once(child, 'message')
    await joined(kafka)
    if (isBack) killBroker(stack)
    else await stack.stop()
    await until('the follower to restart, in vain', () =>
      Promise.resolve(/Restarting the consumer.*\n.*ECONNREFUSED/s.test(said)),
    )
    if (isBack) await until('the broker to listen again', () => isListening(stack.brokers))

    const ended = once(child, 'exit', { signal: AbortSignal.timeout(30_000) })
    child.send('stop')

    assert.deepEqual(await ended, [0, null], said)
  })
