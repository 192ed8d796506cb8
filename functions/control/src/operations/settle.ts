import { RetryableError, until, type Fetcher, type TopicRecord } from '@order-up/kit'
import {
  bucketOf,
  CURATED_TOPIC,
  DLQ_HEADERS,
  DLQ_TOPIC,
  FILLED_HEADER,
  ownedBuckets,
  RAW_TOPIC,
  ROW_HEADERS,
  shadowDlqTopic,
  shadowTopic,
} from '@order-up/schemas'
import type { DeploymentId } from '../deployments.ts'
import { gaining, movedBuckets } from '../share-table.ts'
import type { Swap } from '../swap-record.ts'
import type { Write } from './epochs.ts'

export interface Settled {
  /** rows and dead letters that were only in a shadow topic, and are now where they belong */
  written: number
  /** those that were in both already */
  present: number
}

/** What is to be filled in, and the epoch that it is marked with. */
interface Filling {
  swap: Swap & { step: 'settle' }
  epoch: number
}

/** Where a deployment may have written what belongs elsewhere; each such record names its raw offset in a header. */
interface Way {
  from: (id: DeploymentId) => string
  to: string
  offsetHeader: string
}
const WAYS: readonly Way[] = [
  { from: shadowTopic, to: CURATED_TOPIC, offsetHeader: ROW_HEADERS.offset },
  { from: shadowDlqTopic, to: DLQ_TOPIC, offsetHeader: DLQ_HEADERS.offset },
]

/**
 * Brokers' clocks differ: by far less than this, milliseconds. All that was written within it is read again, while what a
 * dead deployment owed is missing.
 */
const CLOCKS_MS = 10_000
const PER_TRANSACTION = 500
/** Flink commits once a second. Milliseconds. */
const SHOWN_WITHIN_MS = 30_000

/**
 * Sees that what the incoming put into its shadow topics for the moved buckets, from `sampled` to below `until`, stands in
 * curated and among the dead letters too, and writes what does not: the same bytes, key, headers and partition, and a
 * header that marks it as filled in. One partition at a time; in memory are only the raw offsets of what is found in the
 * shadow, as a rule none.
 *
 * Rows are matched by raw offset, which is as good as (order, version): an applied event has one row.
 */
export async function settle(
  fetcher: Fetcher,
  { swap, epoch }: Filling,
  write: Write,
): Promise<Settled> {
  const settled: Settled = { written: 0, present: 0 }
  for (const id of gaining(swap.from, swap.target))
    for (const way of WAYS) await untilShown(fetcher, way.from(id))
  const moved = movedBuckets(swap.from, swap.target)
  for (const id of gaining(swap.from, swap.target)) {
    const owned = ownedBuckets({ epoch: 1, shares: swap.target, swap: null }, id)
    const gained = owned.map((own, bucket) => own && moved[bucket] === true)
    for (const [partition, from] of swap.sampled.entries()) {
      const to = swap.until[partition] ?? from
      const appended =
        from < to ? await fetcher.appendTimeOf(RAW_TOPIC, partition, from) : undefined
      if (appended === undefined) continue
      const since = appended - CLOCKS_MS
      for (const way of WAYS) {
        const { written, present } = await fill(fetcher, way, id, gained, {
          partition,
          from,
          to,
          since,
          epoch,
          write,
        })
        settled.written += written
        settled.present += present
      }
    }
  }
  return settled
}

/**
 * Waits until a reader is shown all that a topic holds now. What a deployment has committed may lie behind what it writes
 * on: of two transactions of Flink that overlap, the older can be the last to end.
 * @throws RetryableError `READ_STALLED`
 */
async function untilShown(fetcher: Fetcher, topic: string): Promise<void> {
  const ends = await fetcher.highWatermarks(topic)
  const isShown = async () => {
    const shown = await fetcher.lastStableOffsets(topic)
    return ends.every((end, partition) => shown[partition]! >= end)
  }
  await until(isShown, AbortSignal.timeout(SHOWN_WITHIN_MS)).catch((cause: unknown) => {
    if (!(cause instanceof DOMException)) throw cause
    throw new RetryableError('READ_STALLED', `${topic} has an open transaction`, { cause })
  })
}

interface Part {
  partition: number
  /** raw offsets */
  from: number
  to: number
  /** nothing of this range was written before; epoch milliseconds */
  since: number
  epoch: number
  write: Write
}

async function fill(
  fetcher: Fetcher,
  { from: shadowOf, to: topic, offsetHeader }: Way,
  id: DeploymentId,
  gained: readonly boolean[],
  { partition, from, to, since, epoch, write }: Part,
): Promise<Settled> {
  const shadow = shadowOf(id)
  const rawOffset = ({ headers }: TopicRecord) => Number(headers[offsetHeader])
  const isMeant = (record: TopicRecord) => {
    const offset = rawOffset(record)
    return offset >= from && offset < to && gained[bucketOf(record.key)]!
  }

  const lacking = new Set<number>()
  for await (const record of recordsSince(fetcher, shadow, partition, since))
    if (isMeant(record)) lacking.add(rawOffset(record))
  const found = lacking.size
  if (found === 0) return { written: 0, present: 0 }

  for await (const record of recordsSince(fetcher, topic, partition, since))
    lacking.delete(rawOffset(record))
  const written = lacking.size
  if (written === 0) return { written, present: found }

  let chunk: TopicRecord[] = []
  const flush = async () => {
    const messages = chunk.map(({ key, value, headers }) => ({
      key,
      value,
      headers: { ...headers, [FILLED_HEADER]: String(epoch) },
      partition,
    }))
    if (messages.length > 0) await write([{ topic, messages }])
    chunk = []
  }
  for await (const record of recordsSince(fetcher, shadow, partition, since)) {
    if (!isMeant(record) || !lacking.delete(rawOffset(record))) continue
    chunk.push(record)
    if (chunk.length === PER_TRANSACTION) await flush()
  }
  await flush()
  return { written, present: found - written }
}

/** What a reader is shown of a partition from a time on, to its end as of now. */
async function* recordsSince(fetcher: Fetcher, topic: string, partition: number, time: number) {
  const from = await fetcher.offsetAt(topic, partition, time)
  if (from === undefined) return
  const to = (await fetcher.lastStableOffsets(topic))[partition] ?? 0
  for await (const { records } of fetcher.read(topic, { partition, from, to })) yield* records
}
