import { Verdict } from '@order-up/control'
import { z } from 'zod'
import { Resume } from './resume.ts'

const Count = z.int().min(0)
/** by deployment id */
const BySide = z.record(z.string(), Count)

/** What the comparison of one kind of record has counted, below the raw offsets in `covered`. */
export const Counts = z.object({
  /** raw records for which both wrote the same bytes */
  equal: Count,
  /** raw records for which both wrote, and not the same */
  different: Count,
  /** raw records for which only this deployment wrote something: the other lacks it */
  onlyIn: BySide,
  /** raw records for which this deployment wrote more than once */
  twice: BySide,
})
export type Counts = z.infer<typeof Counts>

const Kind = z.enum(['row', 'dead letter'])
export type Kind = z.infer<typeof Kind>

const Shown = z.union([z.string(), z.number(), z.null()])

/** One raw record about which the two do not agree. */
export const Difference = z.object({
  kind: Kind,
  is: z.enum(['different', 'onlyIn', 'twice']),
  /** whose: the only one that wrote it, or the one that wrote it twice; null where the two differ */
  deployment: z.string().nullable(),
  /** null where the record does not say */
  order_id: z.string().nullable(),
  /** of the row; null for a dead letter, or where the bytes are no row */
  version: z.int().nullable(),
  /** of raw, and of the topic that the record lies in */
  partition: z.int(),
  /** of the raw record */
  offset: z.int(),
  /** what differs, with each deployment's value */
  fields: z.record(z.string(), z.record(z.string(), Shown)),
})
export type Difference = z.infer<typeof Difference>

/** How many differences a report shows; all are counted. */
export const MAX_EXAMPLES = 20

/** How far a deployment is behind the end of raw. */
const Lag = z.object({
  /** raw records up to the end that a reader can see, which it has not committed; null = not known */
  records: Count.nullable(),
  /** since it has last been seen to commit something new, or to have nothing left to commit; null = not known */
  idleMs: Count.nullable(),
})

/** The comparer's answer on two deployments: a Verdict, which is all that a cutover asks for, and what it rests on. */
export const Report = Verdict.extend({
  sides: z.tuple([
    z.object({
      deployment: z.string(),
      artifact: z.string(),
      /** records that it wrote, of the raw records covered */
      rows: Count,
      deadLetters: Count,
    }),
    z.object({
      deployment: z.string(),
      artifact: z.string(),
      rows: Count,
      deadLetters: Count,
    }),
  ]),
  rows: Counts,
  deadLetters: Counts,
  /** records that do not say, as the contract asks, which raw record they are of */
  strays: BySide,
  /** the first that were found; the newest may not be counted yet */
  differences: z.array(Difference).max(MAX_EXAMPLES),
  /** how often each field differed: of rows by the schema's name, of dead letters `key`, `value` and header names */
  fields: z.record(z.string(), Count),
  /** by raw partition: everything from raw offset `from` (inclusive) to `to` (exclusive) is compared */
  covered: z.array(z.object({ from: Count, to: Count })),
  /** what is in that */
  seen: z.object({
    /** distinct orders; exact up to 2048, an estimate (within 5 %, as a rule) beyond */
    orders: Count,
    /** event types of which a row was compared */
    eventTypes: z.array(z.string()),
    /** event types that raw is known to hold */
    rawEventTypes: z.array(z.string()),
    /** ids of the curated schemas that rows were written with */
    schemaIds: z.array(z.int()),
  }),
  /** by deployment */
  lags: z.record(z.string(), Lag),
  /** of the comparer itself */
  comparison: z.object({
    /** raw records that both have committed and that are not compared yet; null = not known */
    behind: Count.nullable(),
    /** records that wait in memory for the other side's */
    held: Count,
  }),
  /** what has to be seen before a verdict is more than INCONCLUSIVE, beside every event type that raw holds */
  floor: z.object({ rows: Count, orders: Count }),
  /** faults that were planted in a copy of what was read, and whether the comparison reported them as what they are */
  planted: z.array(
    z.object({
      fault: z.string(),
      caught: z.boolean(),
      /** what was reported instead */
      instead: z.string().optional(),
    }),
  ),
  /** what the rows compared can say about those to come, in a sentence */
  statement: z.string(),
  /** from where a comparer that starts anew goes on */
  resume: Resume,
})
export type Report = z.infer<typeof Report>
