import { randomUUID } from 'node:crypto'
import { recordOf, type TopicRecord } from '@order-up/kit'
import { READ_GROUP_PREFIX } from '@order-up/schemas'
import type { Kafka } from 'kafkajs'

export interface Tail extends AsyncDisposable {
  /** rejects when nothing more will be delivered */
  failed: Promise<never>
}

/** Delivers what comes after now, read_committed, as soon as it is visible. Resolves when nothing can be missed any more. */
export async function followTail(
  kafka: Kafka,
  topic: string,
  onRecords: (records: TopicRecord[]) => void,
): Promise<Tail> {
  const consumer = kafka.consumer({
    groupId: `${READ_GROUP_PREFIX}${randomUUID()}`,
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: 4 << 20,
    readUncommitted: false,
    retry: { restartOnFailure: () => Promise.resolve(false) },
  })
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => {}) // a reader that is stopped in time has nobody who asks
  consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
  const fetched = new Promise<void>((resolve) => consumer.on('consumer.fetch', () => resolve()))
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: false })
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      onRecords(batch.messages.map((message) => recordOf(batch.partition, message)))
      return Promise.resolve()
    },
  })
  await Promise.race([fetched, failed])
  return { failed, [Symbol.asyncDispose]: () => consumer.disconnect() }
}
