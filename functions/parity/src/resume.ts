import { z } from 'zod'

const Offset = z.int().min(0)
const Count = z.int().min(0)
const PerSide = z.tuple([Count, Count])

/** What was counted of one kind of record about the raw offsets of one partition, from `from` to `to`. */
export const LaneCounts = z.object({
  from: Offset,
  to: Offset,
  equal: Count,
  different: Count,
  /** by side, in the order of the report's */
  onlyIn: PerSide,
  twice: PerSide,
  /** records that each side wrote */
  written: PerSide,
})
export type LaneCounts = z.infer<typeof LaneCounts>

const Bytes = z.base64().nullable()
const Sample = z.object({ partition: z.int(), offset: Offset, key: Bytes, content: Bytes })
export type StoredSample = z.infer<typeof Sample>

/** From where a comparer goes on: all that it counted lies below `to` and is in the report, all else is read again. */
export const Resume = z.object({
  /** by raw partition */
  rows: z.array(LaneCounts),
  deadLetters: z.array(LaneCounts),
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
  /** what was equal of late: faults are planted in it until there is something newer */
  window: z.object({ rows: z.array(Sample), deadLetters: z.array(Sample) }),
})
export type Resume = z.infer<typeof Resume>
