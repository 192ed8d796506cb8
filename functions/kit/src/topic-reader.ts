import { randomUUID } from 'node:crypto'
import type { IHeaders, Kafka, KafkaMessage } from 'kafkajs'
import { RetryableError } from './errors.ts'

/** A record of a topic with where it lay. */
export interface TopicRecord {
  partition: number
  offset: number
  /** record time: when the broker appended it, epoch milliseconds */
  timestamp: number
  key: Buffer | null
  value: Buffer | null
  headers: IHeaders
}

export interface TopicReader {
  /** resolves once everything that was there at the start has been delivered; rejects if reading or `onRecords` fails */
  caughtUp: Promise<void>
  stop(): Promise<void>
}

/**
 * Delivers a whole topic from its beginning, read_committed and in partition order, and goes on with what comes
 * after. Commits nothing: the group is a throw-away name, since kafkajs cannot read without one.
 */
export async function followTopic(
  kafka: Kafka,
  topic: string,
  onRecords: (records: TopicRecord[]) => void | Promise<void>,
): Promise<TopicReader> {
  const admin = kafka.admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect())
  /** partition → the high watermark still to be reached */
  const ahead = new Map(
    offsets
      .filter(({ low, high }) => low !== high)
      .map(({ partition, high }) => [partition, Number(high)]),
  )

  const { promise: caughtUp, resolve, reject } = Promise.withResolvers<void>()
  caughtUp.catch(() => {}) // whoever only follows need not await it
  if (ahead.size === 0) resolve()

  const consumer = kafka.consumer({
    groupId: `order-up.read.${randomUUID()}`,
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: 4 << 20,
    readUncommitted: false,
  })
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) reject(payload.error)
  })
  // also told of batches that hold only transaction markers, which eachBatch never sees
  consumer.on('consumer.end_batch_process', ({ payload }) => {
    const high = ahead.get(payload.partition)
    if (high === undefined || Number(payload.lastOffset) + 1 < high) return
    ahead.delete(payload.partition)
    if (ahead.size === 0) resolve()
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      try {
        await onRecords(batch.messages.map((message) => recordOf(batch.partition, message)))
      } catch (error) {
        reject(error)
        throw error // whoever goes on following is given the same records again
      }
    },
  })
  return { caughtUp, stop: () => consumer.disconnect() }
}

function recordOf(partition: number, m: KafkaMessage): TopicRecord {
  return {
    partition,
    offset: Number(m.offset),
    timestamp: Number(m.timestamp),
    key: m.key,
    value: m.value,
    headers: m.headers ?? {},
  }
}

/**
 * Delivers all that a topic holds now, read_committed, then returns.
 * @throws RetryableError `READ_STALLED` where nothing more arrives within `stallMs` (default 70 s, past the longest
 * transaction timeout used here): as a rule a transaction is open
 */
export async function readTopic(
  kafka: Kafka,
  topic: string,
  onRecords: (records: TopicRecord[]) => void | Promise<void>,
  { stallMs = 70_000 }: { stallMs?: number } = {},
): Promise<void> {
  const { promise: stalled, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(
      new RetryableError('READ_STALLED', `Nothing more of ${topic} can be read for ${stallMs} ms`, {
        remedy: 'an open transaction may hold readers back; try again once it has timed out',
      }),
    )
  }, stallMs)
  const reader = await followTopic(kafka, topic, (records) => {
    timer.refresh()
    return onRecords(records)
  }).catch((error: unknown) => {
    clearTimeout(timer)
    throw error
  })
  try {
    await Promise.race([reader.caughtUp, stalled])
  } finally {
    clearTimeout(timer)
    await reader.stop()
  }
}
