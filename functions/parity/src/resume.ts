import { z } from 'zod'

const Offset = z.int().min(0)
/** of raw: inclusive, exclusive */
const Covered = z.object({ from: Offset, to: Offset })

/** From where a comparer goes on: all that it counted lies below `to` and is in the report, all else is read again. */
export const Resume = z.object({
  /** by raw partition */
  rows: z.array(Covered),
  deadLetters: z.array(Covered),
  /** by deployment and topic, by partition */
  positions: z.record(
    z.string(),
    z.record(
      z.string(),
      z.array(
        z.object({
          /** the first record that may be of a raw record that is not counted yet */
          from: Offset,
          /** what lies below was read before: of that, what is already counted is left out */
          seen: Offset,
        }),
      ),
    ),
  ),
  /** by raw partition: where the search for event types goes on */
  raw: z.array(Offset),
  /** the orders seen, as a compact set */
  orders: z.string(),
})
export type Resume = z.infer<typeof Resume>
