/** Of one partition of curated, what is retained. */
export type CuratedEnd = { p: number; next: bigint; first: bigint | null }

/**
 * Per partition of curated: where it ends, and the first raw offset whose row must be there. An engine keeps the order of
 * an order's rows, not that of a partition's: what retention has taken was written before the oldest row that is left,
 * but may be of a raw record after that row's, by as much as rows are seen to be out of order.
 */
export const CURATED_ENDS = `
SELECT p, max(o) + 1 AS next, arg_min(raw_offset, o) + max(newest - raw_offset) AS first FROM (
  SELECT p, o, raw_offset, max(raw_offset) OVER (PARTITION BY p, engine ORDER BY o) AS newest FROM curated)
GROUP BY p`
