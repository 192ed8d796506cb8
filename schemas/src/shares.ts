import { z } from 'zod'

/** The one key of the shares topic. */
export const SHARES_KEY = 'shares'

const Bucket = z.int().min(0).max(99)

/**
 * One epoch of who writes what: a deployment owns the buckets of its ranges, both ends included. In an overlap a
 * bucket has two owners. `swap` is the swap in progress, for those who carry it; workers ignore it.
 */
export const SharesRecord = z.object({
  epoch: z.int().min(1),
  shares: z.record(
    z.string().regex(/^(node|flink|kafka-streams)-[1-9][0-9]*$/),
    z.array(z.tuple([Bucket, Bucket]).refine(([a, b]) => a <= b, 'a range ends before it starts')),
  ),
  swap: z.unknown().nullable().default(null),
})
export type SharesRecord = z.infer<typeof SharesRecord>

/** What a worker says of the epoch that it acts on: the value of the reports topic. */
export interface EpochReport {
  deployment: string
  instance: string
  epoch: number
}

/** Parses a value of the shares topic. @throws ZodError, SyntaxError */
export const parseShares = (value: Buffer): SharesRecord =>
  SharesRecord.parse(JSON.parse(value.toString()))

/** Which of the 100 buckets a deployment owns, by index. */
export function ownedBuckets({ shares }: SharesRecord, deployment: string): readonly boolean[] {
  const ranges = shares[deployment] ?? []
  return Array.from({ length: 100 }, (_, b) => ranges.some(([from, to]) => b >= from && b <= to))
}

/** Epoch 1: one deployment owns everything. */
export const firstShares = (deployment: string): SharesRecord => ({
  epoch: 1,
  shares: { [deployment]: [[0, 99]] },
  swap: null,
})
