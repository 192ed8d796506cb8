import type { TestContext } from 'node:test'
import {
  createKafka,
  KafkaConfig,
  openFetcher,
  parseConfig,
  readTopic,
  silentLog,
} from '@order-up/kit'
import { startTestStack } from '@order-up/stack/testing'
import type { Kafka } from 'kafkajs'

/** A broker alone, read by fetch requests. */
export async function brokerOnly(t: TestContext) {
  const stack = await startTestStack({ partitions: 1, registry: false })
  t.after(() => stack.stop())
  const kafka = createKafka(parseConfig(KafkaConfig, stack.kafkaConfig), 'e2e', silentLog())
  const fetcher = await openFetcher(kafka)
  t.after(() => fetcher.close())
  return { kafka, fetcher, stack }
}

interface Sent {
  key: string
  headers?: object
}

const messageOf = ({ key, headers = {} }: Sent) => ({
  key,
  value: `row of ${key}`,
  headers: headers as Record<string, string>,
  partition: 0,
})

export const produce = async (kafka: Kafka, topic: string, messages: Sent[]) => {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: messages.map(messageOf) })
  await producer.disconnect()
}

/** Begins a transaction, writes into it, and leaves it open. */
export async function leaveOpen(
  kafka: Kafka,
  transactionalId: string,
  topic: string,
  messages: Sent[],
) {
  const producer = kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: messages.map(messageOf) })
  return { transaction, disconnect: () => producer.disconnect() }
}

/** What a reader is shown of a topic. */
export const recordsIn = async (kafka: Kafka, topic: string) => {
  const found: { key: string; value: string; offset: string; filled: string | undefined }[] = []
  await readTopic(kafka, topic, (records) => {
    for (const { key, value, headers } of records)
      found.push({
        key: String(key),
        value: String(value),
        offset: String(headers['raw-offset'] ?? headers['dlq-offset']),
        filled: headers['order-up-filled']?.toString(),
      })
  })
  return found
}
