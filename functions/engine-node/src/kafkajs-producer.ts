import { setTimeout as delay } from 'node:timers/promises'
import { fencing, kafkaErrorType } from '@order-up/kit'
import type { Kafka, Message, Transaction } from 'kafkajs'
import type { ProducerFactory, TransactionalProducer } from './transport.ts'

export interface ProducerOptions {
  groupId: string
  /** the raw topic, of which offsets are part of a transaction */
  topic: string
  /** after which the broker aborts an open transaction: until then it holds readers back */
  transactionTimeoutMs: number
}

/** Producers of kafkajs 2.2.4, to whose encoder encoded records are as good as messages. */
export const kafkajsProducers =
  (kafka: Kafka, options: ProducerOptions): ProducerFactory =>
  (transactionalId) =>
    createProducer(kafka, options, transactionalId)

async function createProducer(
  kafka: Kafka,
  { groupId, topic, transactionTimeoutMs }: ProducerOptions,
  transactionalId: string,
): Promise<TransactionalProducer> {
  const producer = kafka.producer({
    transactionalId,
    transactionTimeout: transactionTimeoutMs,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: { retries: 8 },
  })
  let transaction: Transaction | undefined
  const current = () => {
    if (!transaction) throw new Error('no transaction has begun')
    return transaction
  }
  try {
    await producer.connect()
    // kafkajs initialises its producer id with the first transaction; an empty one ends without a request
    await (await fencing(producer.transaction())).abort()
  } catch (error) {
    await producer.disconnect()
    throw error
  }
  return {
    async begin() {
      transaction = await fencing(producer.transaction())
    },
    async send(to, records) {
      const messages = records as unknown as Message[]
      await fencing(current().send({ topic: to, acks: -1, messages }))
    },
    async sendOffset(partition, next) {
      const offsets = {
        consumerGroupId: groupId,
        topics: [{ topic, partitions: [{ partition, offset: String(next) }] }],
      }
      await fencing(retryConcurrent(() => current().sendOffsets(offsets)))
    },
    async commit() {
      await fencing(current().commit())
    },
    close: () => producer.disconnect(),
  }
}

/** kafkajs retries CONCURRENT_TRANSACTIONS (the last commit's markers are still being written) on send only. */
async function retryConcurrent(attempt: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (kafkaErrorType(error) !== 'CONCURRENT_TRANSACTIONS' || tries === 200) throw error
      await delay(5)
    }
  }
}
