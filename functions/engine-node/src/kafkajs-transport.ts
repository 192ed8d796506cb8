import { setTimeout as delay } from 'node:timers/promises'
import type { Admin, EachBatchPayload, Kafka, Transaction } from 'kafkajs'
import { fencing, groupOffsets, kafkaErrorType, watermarksOf } from '@order-up/kit'
import type { GroupEvents, GroupMember, InBatch, OutRecord, Transport } from './transport.ts'
import type { TransactionalProducer } from './transport.ts'

export interface KafkajsOptions {
  groupId: string
  topic: string
  /** after which the group gives a silent member's partitions away; the broker's minimum is 6 s */
  sessionTimeoutMs: number
  /** after which the broker aborts an open transaction: until then it holds readers back */
  transactionTimeoutMs: number
  /** bounds what one partition brings in one fetch, and so a transaction */
  maxBytesPerPartition: number
}

const HEARTBEAT_MS = 1_000

/** The transport on kafkajs 2.2.4 alone. */
export async function kafkajsTransport(kafka: Kafka, options: KafkajsOptions): Promise<Transport> {
  const { topic, groupId } = options
  const admin = kafka.admin()
  await admin.connect()
  return {
    partitionCount: (name) => partitionCount(admin, name),
    join: (events) => join(kafka, options, events),
    async offsets(partition) {
      const found = (await groupOffsets(admin, groupId, topic)).find(
        (o) => o.partition === partition,
      )
      if (!found) throw new Error(`${topic} has no partition ${partition}`)
      return found
    },
    async ends() {
      const watermarks = await watermarksOf(admin, topic)
      return new Map(watermarks.map(({ partition, high }) => [partition, high]))
    },
    producer: (transactionalId) => createProducer(kafka, options, transactionalId),
    close: () => admin.disconnect(),
  }
}

async function partitionCount(admin: Admin, topic: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  return topics[0]!.partitions.length
}

async function join(
  kafka: Kafka,
  { groupId, topic, sessionTimeoutMs, maxBytesPerPartition }: KafkajsOptions,
  events: GroupEvents,
): Promise<GroupMember> {
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(10_000, sessionTimeoutMs),
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: 100,
    maxBytes: 32 << 20,
    maxBytesPerPartition,
    readUncommitted: false,
    retry: { restartOnFailure: () => Promise.resolve(false) },
  })

  let memberId: string | undefined
  let owned: readonly number[] = []
  consumer.on('consumer.group_join', ({ payload }) => {
    const rejoined = payload.memberId !== memberId
    memberId = payload.memberId
    const assigned = payload.memberAssignment[topic] ?? []
    const added = rejoined ? assigned : assigned.filter((p) => !owned.includes(p))
    owned = assigned
    if (added.length > 0) consumer.pause([{ topic, partitions: added }])
    events.onAssigned(assigned, rejoined)
  })
  consumer.on('consumer.end_batch_process', ({ payload }) => {
    // kafkajs moves past such a batch by itself; its first offset is null where compaction left nothing
    const { batchSize, partition, firstOffset, lastOffset } = payload
    if (batchSize === 0)
      events.onSkipped(partition, Number(firstOffset ?? lastOffset), Number(lastOffset) + 1)
  })
  consumer.on('consumer.crash', ({ payload }) => events.onCrash(payload.error))

  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 1_000, // every partition of a fetch at once: none waits in a queue
    eachBatch: (payload) => eachBatch(payload, events),
  })
  return {
    seek: (partition, offset) => consumer.seek({ topic, partition, offset: String(offset) }),
    resume: (partition) => consumer.resume([{ topic, partitions: [partition] }]),
    leave: () => consumer.disconnect(),
  }
}

async function eachBatch(
  { batch, heartbeat, resolveOffset }: EachBatchPayload,
  events: GroupEvents,
): Promise<void> {
  const last = batch.lastOffset()
  const { partition } = batch
  const inBatch: InBatch = {
    partition,
    fetchedOffset: Number((batch as unknown as { fetchedOffset: string }).fetchedOffset),
    nextOffset: Number(last) + 1,
    highWatermark: Number(batch.highWatermark),
    records: batch.messages.map(({ offset, key, value, headers, timestamp }) => ({
      offset: Number(offset),
      partition,
      key,
      value,
      headers,
      timestamp,
    })),
  }
  resolveOffset(last)
  const taken = events.onBatch(inBatch)
  let waiting = true
  const done = taken.finally(() => {
    waiting = false
  })
  while (waiting) {
    await Promise.race([done, delay(HEARTBEAT_MS, undefined, { ref: false })])
    if (waiting) await heartbeat()
  }
  await done
}

async function createProducer(
  kafka: Kafka,
  { groupId, topic, transactionTimeoutMs }: KafkajsOptions,
  transactionalId: string,
): Promise<TransactionalProducer> {
  const producer = kafka.producer({
    transactionalId,
    transactionTimeout: transactionTimeoutMs,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
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
    async send(to, partition, records) {
      const messages = records.map((record) => message(record, partition))
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

const message = ({ key, value, headers }: OutRecord, partition: number) => ({
  key,
  value,
  headers,
  partition,
})

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
