import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { isRetriable } from './errors.ts'

/** What a partition holds. */
export interface Watermarks {
  partition: number
  /** the first offset that the log still holds */
  low: number
  /**
   * the end of what a read_committed reader is shown, the last stable offset: kafkajs's admin asks so. An open
   * transaction holds it back; without one it is the high watermark, the offset of the next record to be appended.
   */
  high: number
}

/** Where a consumer group stands on one partition. */
export interface PartitionOffsets extends Watermarks {
  /**
   * the group's next offset to read; undefined where it has none, and negative where it was out of range and kafkajs
   * has by itself put its default in its place
   */
  committed: number | undefined
}

const TRIES = 50
const RETRY_MS = 100

/** What every partition of a topic holds, in their order. */
export async function watermarksOf(admin: Admin, topic: string): Promise<Watermarks[]> {
  const offsets = await admin.fetchTopicOffsets(topic)
  return offsets
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .toSorted((a, b) => a.partition - b.partition)
}

/**
 * Where a group stands on every partition of a topic, in their order. A coordinator that is still loading is waited for: kafkajs's
 * admin throws its answer.
 */
export async function groupOffsets(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<PartitionOffsets[]> {
  for (let tries = 1; ; tries++) {
    try {
      const [watermarks, [group]] = await Promise.all([
        watermarksOf(admin, topic),
        admin.fetchOffsets({ groupId, topics: [topic] }),
      ])
      const committed = new Map(group?.partitions.map((p) => [p.partition, Number(p.offset)]))
      return watermarks.map((marks) => {
        const offset = committed.get(marks.partition) ?? -1
        return { ...marks, committed: offset === -1 ? undefined : offset }
      })
    } catch (error) {
      if (!isRetriable(error) || tries === TRIES) throw error
      await delay(RETRY_MS)
    }
  }
}
