import { TerminalError, type PartitionOffsets } from '@order-up/kit'
import { CURATED_TOPIC } from '@order-up/schemas'

/**
 * Stops where rows were deleted before this group merged them, or where its offset is of another topic than the one
 * that is there. kafkajs would start over at what is left and commit that, and nobody would notice the gap.
 * @throws TerminalError `OFFSET_OUT_OF_RANGE`
 */
export function assertInRange(offsets: readonly PartitionOffsets[], groupId: string): void {
  for (const { partition, committed, low, high } of offsets) {
    const next = committed ?? 0
    if (next >= low && next <= high) continue
    const what =
      next < low
        ? `rows from offset ${next} on were never merged, and those below ${low} are deleted`
        : `the group's offset is ${next} and the topic ends at ${high}: it is not the topic that was read before`
    throw new TerminalError(
      'OFFSET_OUT_OF_RANGE',
      `${CURATED_TOPIC}, partition ${partition}: ${what}`,
      {
        remedy:
          'have the missing rows written again (start a new engine generation from the beginning of raw: equal rows do ' +
          'no harm), then let the sink read all that is there: kafka-consumer-groups.sh --reset-offsets --to-earliest ' +
          `--group ${groupId} --topic ${CURATED_TOPIC} --execute`,
      },
    )
  }
}
