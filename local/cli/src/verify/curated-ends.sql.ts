/** Of one partition of curated, what is retained. */
export type CuratedEnd = { p: number; next: bigint; first: bigint | null }

/**
 * Per partition of curated: where it ends, and the first raw offset whose row must be there. An engine keeps the order of
 * an order's rows, not that of a partition's: what retention has taken of it was written before its oldest row that is
 * left, but may be of a raw record after that row's, by as much as its rows are seen to be out of order. Of two engines
 * that share the orders the one that was further on counts: the other wrote none of its rows. What a swap filled in says
 * nothing of how far an engine was.
 */
export const CURATED_ENDS = `
SELECT p, max(next) AS next, max(first) AS first FROM (
  SELECT p, engine, max(o) + 1 AS next,
    arg_min(raw_offset, o) FILTER (NOT filled) + max(newest - raw_offset) FILTER (NOT filled) AS first
  FROM (
    SELECT *, max(raw_offset) OVER (PARTITION BY p, engine, filled ORDER BY o) AS newest FROM curated)
  GROUP BY p, engine)
GROUP BY p`
