import { randomUUID } from 'node:crypto'
import { RetryableError, type TopicRecord } from '@order-up/kit'
import type { Kafka } from 'kafkajs'

export interface Range {
  partition: number
  /** inclusive */
  from: number
  /** exclusive */
  to: number
}

/**
 * Delivers the records of one partition between two offsets, read_committed, then returns. What an aborted
 * transaction wrote there, and the markers, are passed over.
 * @throws RetryableError `READ_STALLED` where nothing more arrives within `stallMs`
 */
export async function readRange(
  kafka: Kafka,
  topic: string,
  { partition, from, to }: Range,
  onRecords: (records: TopicRecord[]) => void,
  { stallMs = 70_000 }: { stallMs?: number } = {},
): Promise<void> {
  if (from >= to) return
  let over = false
  const consumer = kafka.consumer({
    groupId: `order-up.read.${randomUUID()}`,
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: 4 << 20,
    readUncommitted: false,
    // a consumer that fails while it disconnects would otherwise come back, and nobody would stop it again
    retry: { restartOnFailure: () => Promise.resolve(!over) },
  })
  /** what is read next: every time that the group is joined, and it may be again, kafkajs begins at 0 */
  let next = from
  consumer.on('consumer.group_join', () =>
    consumer.seek({ topic, partition, offset: String(next) }),
  )
  const { promise: done, resolve, reject } = Promise.withResolvers<void>()
  done.catch(() => {}) // it may fail while the consumer still connects
  const timer = setTimeout(() => {
    reject(
      new RetryableError('READ_STALLED', `Nothing more of ${topic} can be read for ${stallMs} ms`, {
        remedy: 'an open transaction may hold readers back; try again once it has timed out',
      }),
    )
  }, stallMs)
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) reject(payload.error)
  })
  // also told of batches that hold only transaction markers, which eachBatch never sees
  consumer.on('consumer.end_batch_process', ({ payload }) => {
    if (payload.partition !== partition || Number(payload.lastOffset) < next - 1) return
    timer.refresh()
    if (Number(payload.lastOffset) + 1 >= to) resolve()
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        if (batch.partition !== partition) {
          consumer.pause([{ topic, partitions: [batch.partition] }])
          return Promise.resolve()
        }
        const inRange = batch.messages.filter(
          ({ offset }) => Number(offset) >= next && Number(offset) < to,
        )
        next = Math.max(next, Number(batch.lastOffset()) + 1)
        onRecords(
          inRange.map(({ offset, timestamp, key, value, headers = {} }) => ({
            partition,
            offset: Number(offset),
            timestamp: Number(timestamp),
            key,
            value,
            headers,
          })),
        )
        return Promise.resolve()
      },
    })
    await done
  } finally {
    over = true
    clearTimeout(timer)
    await consumer.disconnect()
  }
}
