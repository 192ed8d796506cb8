import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'

/** Where a consumer group stands on one partition. */
export interface PartitionOffsets {
  partition: number
  /** the first offset that the log still holds */
  low: number
  /** the high watermark: the offset of the next record to be appended */
  high: number
  /**
   * the group's next offset to read; undefined where it has none, and negative where it was out of range and kafkajs
   * has by itself put its default in its place
   */
  committed: number | undefined
}

const TRIES = 50
const RETRY_MS = 100

/**
 * Where a group stands on every partition of a topic. A coordinator that is still loading is waited for: kafkajs's
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
        admin.fetchTopicOffsets(topic),
        admin.fetchOffsets({ groupId, topics: [topic] }),
      ])
      const committed = new Map(group?.partitions.map((p) => [p.partition, Number(p.offset)]))
      return watermarks
        .map(({ partition, low, high }) => {
          const offset = committed.get(partition) ?? -1
          return {
            partition,
            low: Number(low),
            high: Number(high),
            committed: offset === -1 ? undefined : offset,
          }
        })
        .toSorted((a, b) => a.partition - b.partition)
    } catch (error) {
      const retriable = error instanceof Error && 'retriable' in error && error.retriable === true
      if (!retriable || tries === TRIES) throw error
      await delay(RETRY_MS)
    }
  }
}
