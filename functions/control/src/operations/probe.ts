import {
  groupOffsets,
  openFetcher,
  type Fetcher,
  type MetricsDocument,
  type PartitionOffsets,
} from '@order-up/kit'
import {
  CURATED_TOPIC,
  DEPLOYMENTS,
  DLQ_TOPIC,
  engineGroup,
  RAW_TOPIC,
  SINK_GROUP,
} from '@order-up/schemas'
import type { Kafka } from 'kafkajs'

const RECENT_MS = 5 * 60_000

/**
 * Measures what no worker can say of itself, least of all one that is down:
 * - `LagRecords` of each deployment that has ever committed, and of the sink (dimensions Stack and Worker): how many
 *   records a reader would be shown that the group has not committed, over all partitions;
 * - `LagSeconds` of each such deployment: for how long the oldest of them has lain in raw; 0 = none does. The sink says
 *   it itself: what its group has not committed may be a marker that holds no row, however old;
 * - `CuratedHeldBack` (dimension Stack): for how many seconds the oldest record has lain in curated that no reader is
 *   shown, because a transaction is open; 0 = every record is shown;
 * - `RecentDeadLetters` (dimension Stack): those of the last five minutes, by whichever engine; of each partition no more
 *   are counted than one fetch brings.
 */
export async function probe(kafka: Kafka, stack: string): Promise<MetricsDocument[]> {
  const admin = kafka.admin()
  await admin.connect()
  const fetcher = await openFetcher(kafka)
  try {
    const groups = [
      ...DEPLOYMENTS.map((id) => ({ worker: id, group: engineGroup(id), topic: RAW_TOPIC })),
      { worker: 'sink', group: SINK_GROUP, topic: CURATED_TOPIC },
    ]
    const lags = await Promise.all(
      groups.map(async ({ worker, group, topic }) => {
        const offsets = await groupOffsets(admin, group, topic)
        const lag = lagOf(offsets)
        if (lag === undefined) return []
        const age = topic === RAW_TOPIC ? await waitOf(fetcher, offsets, Date.now()) : NaN
        return [{ worker, lag, age }]
      }),
    )
    const heldBack = await heldBackSeconds(fetcher, Date.now())
    const deadLetters = await deadLettersSince(fetcher, Date.now() - RECENT_MS)
    return [
      ...lags.flat().map(({ worker, lag, age }): MetricsDocument => ({
        dimensions: { Stack: stack, Worker: worker },
        metrics: {
          LagRecords: { value: lag, unit: 'Count' },
          LagSeconds: { value: age, unit: 'Seconds' },
        },
      })),
      {
        dimensions: { Stack: stack },
        metrics: {
          CuratedHeldBack: { value: heldBack, unit: 'Seconds' },
          RecentDeadLetters: { value: deadLetters, unit: 'Count' },
        },
      },
    ]
  } finally {
    await Promise.all([fetcher.close(), admin.disconnect()])
  }
}

/** Over all partitions; undefined where the group has never committed. */
export function lagOf(offsets: readonly PartitionOffsets[]): number | undefined {
  if (offsets.every(({ committed }) => committed === undefined)) return undefined
  return offsets.reduce(
    (sum, { low, high, committed }) => sum + Math.max(0, high - Math.max(low, committed ?? low)),
    0,
  )
}

/** How long a deployment's oldest record that is not committed has waited, seconds. @param now epoch milliseconds */
async function waitOf(
  fetcher: Fetcher,
  offsets: readonly PartitionOffsets[],
  now: number,
): Promise<number> {
  const waits = await Promise.all(
    offsets.map(async ({ partition, low, high, committed }) => {
      const next = Math.max(low, committed ?? low)
      if (next >= high) return 0
      const appended = await fetcher.appendTimeOf(RAW_TOPIC, partition, next)
      return appended === undefined ? NaN : Math.max(0, now - appended) / 1_000
    }),
  )
  return Math.max(0, ...waits)
}

/** @param now epoch milliseconds */
async function heldBackSeconds(fetcher: Fetcher, now: number): Promise<number> {
  const shown = await fetcher.lastStableOffsets(CURATED_TOPIC)
  const ends = await fetcher.highWatermarks(CURATED_TOPIC)
  const ages = await Promise.all(
    shown.map(async (offset, partition) => {
      if (offset >= (ends[partition] ?? offset)) return 0
      const appended = await fetcher.appendTimeOf(CURATED_TOPIC, partition, offset)
      return appended === undefined ? 0 : Math.max(0, now - appended) / 1_000
    }),
  )
  return Math.max(0, ...ages)
}

/** @param time epoch milliseconds */
async function deadLettersSince(fetcher: Fetcher, time: number): Promise<number> {
  const ends = await fetcher.lastStableOffsets(DLQ_TOPIC)
  const counts = await Promise.all(
    ends.map(async (to, partition) => {
      const from = (await fetcher.offsetAt(DLQ_TOPIC, partition, time)) ?? to
      for await (const { records } of fetcher.read(DLQ_TOPIC, { partition, from, to }))
        if (records.length > 0) return records.length
      return 0
    }),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}
