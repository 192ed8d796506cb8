import {
  FencedError,
  fencing,
  openFetcher,
  TerminalError,
  until,
  type Fetcher,
} from '@order-up/kit'
import {
  CONTROL_TRANSACTIONAL_ID,
  firstShares,
  SHARES_KEY,
  SHARES_TOPIC,
  type SharesRecord,
} from '@order-up/schemas'
import type { Kafka, Message } from 'kafkajs'
import type { DeploymentId } from '../deployments.ts'
import { ControlRecord } from '../swap-record.ts'

/** The newest epoch and where it lies: whoever writes the next one has to have seen this one. */
export interface Epoch {
  record: ControlRecord
  /** in the shares topic */
  offset: number
}

/** An open transaction of a carrier that was killed holds the workers' readers back for so long at most. */
const TRANSACTION_TIMEOUT_MS = 10_000
/** Between the answer to a commit and its marker, before which no reader is shown anything of it: a moment. */
const READABLE_MS = 30_000
const READABLE_POLL_MS = 10

/**
 * The newest epoch; undefined = none was ever written.
 * @throws TerminalError `SHARES` where what stands there is none, RetryableError `READ_STALLED`
 */
export async function readEpoch(fetcher: Fetcher): Promise<Epoch | undefined> {
  const [from = 0] = await fetcher.beginnings(SHARES_TOPIC)
  const [to = 0] = await fetcher.lastStableOffsets(SHARES_TOPIC)
  let newest: { value: Buffer; offset: number } | undefined
  for await (const { records } of fetcher.read(SHARES_TOPIC, { partition: 0, from, to }))
    for (const { key, value, offset } of records)
      if (key?.toString() === SHARES_KEY && value !== null) newest = { value, offset }
  return newest && { record: parse(newest.value, newest.offset), offset: newest.offset }
}

/** The newest epoch, by itself; null = none was ever written. @throws as {@link readEpoch} */
export async function readShares(kafka: Kafka): Promise<ControlRecord | null> {
  const fetcher = await openFetcher(kafka)
  try {
    return (await readEpoch(fetcher))?.record ?? null
  } finally {
    await fetcher.close()
  }
}

function parse(value: Buffer, offset: number): ControlRecord {
  try {
    return ControlRecord.parse(JSON.parse(value.toString()))
  } catch (cause) {
    throw new TerminalError('SHARES', `${SHARES_TOPIC} offset ${offset} is not an epoch`, {
      cause,
      remedy:
        'find out who wrote it: only the control function and the local stack do, and both check it first',
    })
  }
}

/** One topic's part of a transaction. */
export interface Send {
  topic: string
  messages: Message[]
}

/** Writes all of it, or nothing. @throws FencedError where another carrier has begun since */
export type Write = (sends: readonly Send[]) => Promise<void>

/**
 * Runs `use` as the one writer of epochs. Whoever held the transactional id before is fenced out first; then the newest
 * epoch is read again, so that nothing is done that was decided on an older one.
 * @param seen the epoch that the decision was made on
 * @throws FencedError where there is a newer one, or another carrier begins meanwhile
 */
export async function asOnlyWriter<T>(
  kafka: Kafka,
  fetcher: Fetcher,
  seen: Epoch | undefined,
  use: (write: Write) => Promise<T>,
): Promise<T> {
  const producer = kafka.producer({
    transactionalId: CONTROL_TRANSACTIONAL_ID,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  })
  await producer.connect()
  try {
    // kafkajs takes the id with the first transaction; an empty one ends without a request
    await (await fencing(producer.transaction())).abort()
    const newest = await readEpoch(fetcher)
    if (newest?.offset !== seen?.offset)
      throw new FencedError(
        'EPOCH_MOVED',
        `Another carrier has written epoch ${newest?.record.epoch} (offset ${newest?.offset}) meanwhile`,
      )
    return await use(async (sends) => {
      const transaction = await fencing(producer.transaction())
      try {
        for (const { topic, messages } of sends)
          await fencing(transaction.send({ topic, messages, acks: -1 }))
        await fencing(transaction.commit())
      } catch (error) {
        await transaction.abort().catch(() => {}) // the broker does it by itself in time
        throw error
      }
    })
  } finally {
    await producer.disconnect()
  }
}

/**
 * Waits until the epoch that was written after `seen` can be read: who decides before would do so on the old one.
 * @throws DOMException `TimeoutError` where it can't be within half a minute
 */
export const untilReadable = (fetcher: Fetcher, seen: Epoch | undefined): Promise<void> =>
  until(
    async () => (await readEpoch(fetcher))?.offset !== seen?.offset,
    AbortSignal.timeout(READABLE_MS),
    READABLE_POLL_MS,
  )

/** An epoch as it is written. Workers take it up; one with the number that they act on already changes nothing. */
export const epochMessage = (record: SharesRecord): Send => ({
  topic: SHARES_TOPIC,
  messages: [{ key: SHARES_KEY, value: JSON.stringify(record), partition: 0 }],
})

/**
 * Writes epoch 1, all buckets to one deployment, unless the shares topic holds an epoch already. Then it can be read.
 * @throws as {@link asOnlyWriter} and {@link untilReadable}
 */
export async function writeFirstShares(kafka: Kafka, owner: DeploymentId): Promise<void> {
  const fetcher = await openFetcher(kafka)
  try {
    if (await readEpoch(fetcher)) return
    await asOnlyWriter(kafka, fetcher, undefined, (write) =>
      write([epochMessage(firstShares(owner))]),
    )
    await untilReadable(fetcher, undefined)
  } finally {
    await fetcher.close()
  }
}
