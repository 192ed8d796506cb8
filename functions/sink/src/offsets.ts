import type { Admin } from 'kafkajs'
import { TerminalError } from '@order-up/kit'
import { CURATED_TOPIC } from '@order-up/schemas'

export interface PartitionOffsets {
  partition: number
  /** next offset to read; undefined where the group has none yet; negative where kafkajs has reset it */
  committed: number | undefined
  /** the first offset that retention has left */
  low: number
  high: number
}

export async function fetchOffsets(admin: Admin, groupId: string): Promise<PartitionOffsets[]> {
  const [marks, [group]] = await Promise.all([
    admin.fetchTopicOffsets(CURATED_TOPIC),
    admin.fetchOffsets({ groupId, topics: [CURATED_TOPIC] }),
  ])
  const committed = new Map(group?.partitions.map((p) => [p.partition, Number(p.offset)]))
  return marks.map(({ partition, low, high }) => {
    const offset = committed.get(partition)
    const known = offset === undefined || offset === -1 ? undefined : offset
    return { partition, committed: known, low: Number(low), high: Number(high) }
  })
}

/**
 * Stops where rows were deleted before this group merged them, or where its offset is of another topic than the one
 * that is there. kafkajs would start over at its default and commit that (as -2), and nobody would notice the gap.
 * @throws TerminalError `OFFSET_OUT_OF_RANGE`
 */
export function assertInRange(offsets: readonly PartitionOffsets[], groupId: string): void {
  for (const { partition, committed, low, high } of offsets) {
    const at = committed ?? 0
    if (at >= low && at <= high) continue
    const where = `${CURATED_TOPIC}, partition ${partition}`
    const holds = `the topic holds ${low} to ${high}`
    const what =
      at < 0
        ? `the group's offset was out of range and has been reset; ${holds}`
        : at > high
          ? `the group's offset is ${at}, but ${holds}: it is not the topic that was read before`
          : `rows from offset ${at} on were never merged and are deleted; ${holds}`
    throw new TerminalError('OFFSET_OUT_OF_RANGE', `${where}: ${what}`, {
      remedy:
        'have the missing rows written again (start a new engine generation from the beginning of raw: equal rows do ' +
        'no harm), then let the sink read all that is there: kafka-consumer-groups.sh --reset-offsets --to-earliest ' +
        `--group ${groupId} --topic ${CURATED_TOPIC} --execute`,
    })
  }
}
