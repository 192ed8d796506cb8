import assert from 'node:assert/strict'
import { test } from 'node:test'
import { observe, probe } from '@order-up/control/operations'
import { createKafka, KafkaConfig, openFetcher, parseConfig, silentLog } from '@order-up/kit'
import { DLQ_TOPIC, engineGroup, RAW_TOPIC, REPORTS_TOPIC } from '@order-up/schemas'
import { startTestStack } from '@order-up/stack/testing'
import { until } from './worker-process.ts'

/*
 * What a swap sees of engines on the JVM, on a real broker, of what they leave there: written here by kafkajs. That the
 * engines leave it so is the conformance kit's to show.
 */

test('a Flink job of which a subtask is gone, a thread of Kafka Streams, and offsets that trail what no reader is shown', async (t) => {
  const stack = await startTestStack({ partitions: 3, registry: false })
  const clients: { disconnect(): Promise<void> }[] = []
  t.after(async () => {
    await Promise.all(clients.map((client) => client.disconnect()))
    await stack.stop()
  })
  const config = parseConfig(KafkaConfig, stack.kafkaConfig)
  const kafka = createKafka(config, 'e2e', silentLog())
  const [admin, fetcher] = [kafka.admin(), await openFetcher(kafka)]
  clients.push(admin, { disconnect: () => fetcher.close() })
  await admin.connect()

  const report = (key: string, epoch: number | null) => ({
    key,
    value: epoch === null ? null : JSON.stringify({ epoch }),
    partition: 0,
  })
  const writer = kafka.producer({ transactionalId: 't', maxInFlightRequests: 1, idempotent: true })
  await writer.connect()
  const write = async (
    topic: string,
    partition: number,
    count: number,
    end: 'commit' | 'abort',
  ) => {
    const transaction = await writer.transaction()
    const messages = Array.from({ length: count }, () => ({ key: 'k', value: 'v', partition }))
    await transaction.send({ topic, messages })
    await transaction[end]()
  }
  await writer.send({
    topic: REPORTS_TOPIC,
    messages: [
      report('flink-1/0', 1),
      report('flink-1/1', 1),
      report('flink-1/0', 2),
      report('flink-1/1', null),
      report('flink-2/0', 1),
      report('kafka-streams-1/a', 2),
    ],
  })
  // 0: two records and a marker, then what was aborted and its marker; 1: one record and a marker; 2: nothing
  await write(RAW_TOPIC, 0, 2, 'commit')
  await write(RAW_TOPIC, 0, 1, 'abort')
  await write(RAW_TOPIC, 1, 1, 'commit')
  await write(DLQ_TOPIC, 1, 3, 'commit')
  await write(DLQ_TOPIC, 2, 2, 'abort')
  await writer.disconnect()
  // as Flink commits: what it has read, with the checkpoint, without being a member
  await admin.setOffsets({
    groupId: engineGroup('flink-1'),
    topic: RAW_TOPIC,
    partitions: [
      { partition: 0, offset: '2' },
      { partition: 1, offset: '0' },
      { partition: 2, offset: '0' },
    ],
  })
  const member = createKafka(config, 'kafka-streams-1/a-StreamThread-1-consumer', silentLog())
  const consumer = member.consumer({ groupId: engineGroup('kafka-streams-1') })
  clients.push(consumer)
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.connect()
  await consumer.subscribe({ topic: RAW_TOPIC, fromBeginning: true })
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() })
  await joined

  await until('the dead letters to be measured', async () => {
    const [measured] = (await probe(kafka, 'test')).slice(-1)
    assert.deepEqual(measured?.dimensions, { Stack: 'test' })
    return measured?.metrics['RecentDeadLetters']?.value === 3
  })
  const look = () => observe({ admin, fetcher }, undefined, ['flink-1', 'kafka-streams-1'])
  await until('the markers', async () => (await look()).ends.join() === '5,2,0')
  const { deployments } = await look()

  assert.deepEqual(deployments, {
    // past the marker and what was aborted; what is yet to be read stays; an empty partition is passed
    'flink-1': { instances: [{ instance: '0', epoch: 2 }], committed: [5, 0, 0] },
    'kafka-streams-1': { instances: [{ instance: 'a', epoch: 2 }], committed: [0, 0, 0] },
  })
})
