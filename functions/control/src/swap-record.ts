import { SharesRecord } from '@order-up/schemas'
import { z } from 'zod'
import type { DeploymentId } from './deployments.ts'

const Table = SharesRecord.shape.shares
/** by raw partition */
const Offsets = z.array(z.int().min(0))

const started = {
  from: Table,
  target: Table,
  /** epoch milliseconds */
  startedAt: z.int(),
  /** why no verdict was asked for */
  forced: z.string().optional(),
  /** declared dead: whoever carries it on does not wait for them either */
  dead: z.array(z.string()).optional(),
}
const sampled = {
  ...started,
  /** below these offsets the outgoing has written every row of the moved buckets to curated */
  sampled: Offsets,
}

/** A swap in progress, as it stands in the shares topic: all that whoever carries it on has to know. */
export const Swap = z.discriminatedUnion('step', [
  /** the additive epoch is out, the incoming's reports of it are awaited */
  z.object({ step: z.literal('overlap'), ...started }),
  /** both have to commit past `sampled` */
  z.object({ step: z.literal('gate'), ...sampled }),
  /** the subtractive epoch is out, reports of it are awaited */
  z.object({ step: z.literal('release'), ...sampled }),
  /** the incoming has to commit past `until`; then rows that curated lacks are filled in */
  z.object({
    step: z.literal('settle'),
    ...sampled,
    /** from these on the incoming writes every row of its buckets to curated, whichever of its instances */
    until: Offsets,
  }),
])
export type Swap = z.infer<typeof Swap>

/** Whether the outgoing may have let go of a bucket: from there on a swap goes on to its end, and back only then. */
export const hasGivenUp = ({ step }: Swap): boolean => step === 'release' || step === 'settle'

/** An epoch with what its carrier knows. Workers read only its number and its shares. */
export const ControlRecord = SharesRecord.extend({
  swap: Swap.nullable().default(null),
  /** the main owner before the last cutover, while it goes on running: the way back to it needs no verdict */
  previous: z.string().nullable().default(null),
})
export type ControlRecord = z.infer<typeof ControlRecord>

/**
 * The deployments that own, owned or are to own buckets as the record stands. Any of them may still be needed: only
 * what is not among them may be deleted.
 */
export function deploymentsIn({ shares, swap }: ControlRecord): DeploymentId[] {
  const tables = swap ? [shares, swap.from, swap.target] : [shares]
  return [...new Set(tables.flatMap(Object.keys))].toSorted() as DeploymentId[]
}
