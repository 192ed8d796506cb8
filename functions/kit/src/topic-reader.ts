import { randomUUID } from 'node:crypto'
import { READ_GROUP_PREFIX } from '@order-up/schemas'
import type { IHeaders, Kafka, KafkaMessage } from 'kafkajs'
import { RetryableError } from './errors.ts'
import { watermarksOf } from './offsets.ts'

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

/** Where the reading of a partition begins, and what is to be reached. */
export interface Range {
  partition: number
  /** inclusive */
  from: number
  /** exclusive */
  to: number
}

export interface TopicReader {
  /** resolves once everything that was there at the start has been delivered; rejects if reading or `onRecords` fails */
  caughtUp: Promise<void>
  /** rejects when nothing more will be delivered, though nobody has stopped the reader */
  failed: Promise<never>
  stop(): Promise<void>
}

export interface FollowOptions {
  /**
   * how long a request stays open while nothing comes: what comes is delivered at once, but stopping waits for it, and a
   * short one costs an idle process more. Milliseconds, default 100
   */
  maxWaitMs?: number
}

type OnRecords = (records: TopicRecord[]) => void | Promise<void>

/**
 * Delivers a whole topic from its beginning, read_committed and in partition order, and goes on with what comes
 * after: each record once, unless `onRecords` fails. Commits nothing: the group is a throw-away name, since kafkajs
 * cannot read without one.
 */
export async function followTopic(
  kafka: Kafka,
  topic: string,
  onRecords: OnRecords,
  options: FollowOptions = {},
): Promise<TopicReader> {
  return follow(kafka, topic, await wholeOf(kafka, topic), onRecords, options)
}

async function wholeOf(kafka: Kafka, topic: string): Promise<Range[]> {
  const admin = kafka.admin()
  await admin.connect()
  const marks = await watermarksOf(admin, topic).finally(() => admin.disconnect())
  return marks.map(({ partition, low, high }) => ({ partition, from: low, to: high }))
}

/**
 * Reads on from the ranges' beginnings; caught up at their ends. Other partitions are left alone.
 * @param onPassed is told of everything that was read, also of what is nothing to a reader: transaction markers, and
 * what was aborted
 */
async function follow(
  kafka: Kafka,
  topic: string,
  ranges: readonly Range[],
  onRecords: OnRecords,
  { maxWaitMs = 100 }: FollowOptions = {},
  onPassed: () => void = () => {},
): Promise<TopicReader> {
  /** partition → the next offset to deliver: whenever the group is joined again, kafkajs begins again at 0 */
  const next = new Map(ranges.map(({ partition, from }) => [partition, from]))
  /** partition → the offset still to be reached */
  const ahead = new Map(
    ranges.filter(({ from, to }) => from < to).map(({ partition, to }) => [partition, to]),
  )
  const { promise: caughtUp, resolve, reject } = Promise.withResolvers<void>()
  caughtUp.catch(() => {}) // whoever only follows need not await it
  if (ahead.size === 0) resolve()

  let stopped = false
  const consumer = kafka.consumer({
    groupId: `${READ_GROUP_PREFIX}${randomUUID()}`,
    // a broker that comes back lets nobody join before the member that it knew has timed out
    sessionTimeout: 10_000,
    maxWaitTimeInMs: maxWaitMs,
    maxBytesPerPartition: 4 << 20,
    readUncommitted: false,
    // a consumer that fails while it disconnects would otherwise come back, and nobody would stop it again
    retry: { restartOnFailure: () => Promise.resolve(!stopped) },
  })
  const { promise: failed, reject: fail } = Promise.withResolvers<never>()
  failed.catch(() => {}) // nor this, by whoever reads to the end only
  consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
    if (restart || stopped) return
    reject(error)
    fail(error)
  })
  consumer.on('consumer.group_join', ({ payload }) => {
    // kafkajs cannot stop a consumer that is about to restart; a listener that fails ends it
    if (stopped) throw new Error('stopped while it joined its group')
    for (const partition of payload.memberAssignment[topic] ?? []) {
      const offset = next.get(partition)
      if (offset === undefined) consumer.pause([{ topic, partitions: [partition] }])
      else consumer.seek({ topic, partition, offset: String(offset) })
    }
  })
  const passed = (partition: number, lastOffset: string) => {
    const offset = Number(lastOffset) + 1
    if (offset <= (next.get(partition) ?? Infinity)) return
    next.set(partition, offset)
    onPassed()
    if (offset < (ahead.get(partition) ?? Infinity)) return
    ahead.delete(partition)
    if (ahead.size === 0) resolve()
  }
  // also told of batches that hold only transaction markers, which eachBatch never sees
  consumer.on('consumer.end_batch_process', ({ payload }) =>
    passed(payload.partition, payload.lastOffset),
  )
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      const from = next.get(batch.partition) ?? Infinity
      const records = batch.messages
        .filter(({ offset }) => Number(offset) >= from)
        .map((message) => recordOf(batch.partition, message))
      try {
        if (records.length > 0) await onRecords(records)
      } catch (error) {
        reject(error)
        throw error // whoever goes on following is given the same records again
      }
      passed(batch.partition, batch.lastOffset())
    },
  })
  return {
    caughtUp,
    failed,
    stop() {
      stopped = true
      return consumer.disconnect()
    },
  }
}

/** A message of a partition, as kafkajs decodes it. */
export function recordOf(
  partition: number,
  m: Pick<KafkaMessage, 'offset' | 'timestamp' | 'key' | 'value' | 'headers'>,
): TopicRecord {
  return {
    partition,
    offset: Number(m.offset),
    timestamp: Number(m.timestamp),
    key: m.key,
    value: m.value,
    headers: m.headers ?? {},
  }
}

interface Patience {
  /** default 70 s: past the longest transaction timeout used here */
  stallMs?: number
}

/**
 * Delivers all that a topic holds now, read_committed, then returns.
 * @throws RetryableError `READ_STALLED` where nothing more can be read for `stallMs`: as a rule a transaction is open
 */
export async function readTopic(
  kafka: Kafka,
  topic: string,
  onRecords: OnRecords,
  patience: Patience = {},
): Promise<void> {
  await read(kafka, topic, await wholeOf(kafka, topic), onRecords, patience)
}

/**
 * Delivers the records of one partition between two offsets, read_committed, then returns. What an aborted
 * transaction wrote there, and the markers, are passed over.
 * @throws RetryableError `READ_STALLED` as {@link readTopic}
 */
export async function readRange(
  kafka: Kafka,
  topic: string,
  range: Range,
  onRecords: OnRecords,
  patience: Patience = {},
): Promise<void> {
  if (range.from >= range.to) return
  const inRange = (records: TopicRecord[]) => {
    const found = records.filter(({ offset }) => offset < range.to)
    return found.length > 0 ? onRecords(found) : undefined
  }
  await read(kafka, topic, [range], inRange, patience)
}

async function read(
  kafka: Kafka,
  topic: string,
  ranges: readonly Range[],
  onRecords: OnRecords,
  { stallMs = 70_000 }: Patience,
): Promise<void> {
  const { promise: stalled, reject } = Promise.withResolvers<never>()
  stalled.catch(() => {}) // it may fail while the consumer still connects
  const timer = setTimeout(() => {
    reject(
      new RetryableError('READ_STALLED', `Nothing more of ${topic} can be read for ${stallMs} ms`, {
        remedy: 'an open transaction may hold readers back; try again once it has timed out',
      }),
    )
  }, stallMs)
  try {
    const reader = await follow(kafka, topic, ranges, onRecords, {}, () => timer.refresh())
    try {
      await Promise.race([reader.caughtUp, stalled])
    } finally {
      await reader.stop()
    }
  } finally {
    clearTimeout(timer)
  }
}
