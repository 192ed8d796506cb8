import type { CuratedOrder } from '@order-up/schemas'

/** One curated record on its way into the warehouse. */
export interface WarehouseRow {
  order: CuratedOrder
  /** lineage as the engine gave it; null where it gave none */
  rawPartition: number | null
  rawOffset: number | null
  engine: string | null
  /** where the record lies in the curated topic */
  partition: number
  offset: number
  /** when the broker appended it, epoch milliseconds; measured against, not stored */
  timestamp: number
}

export interface MergeCounts {
  /** rows put into the stage: always the whole batch */
  staged: number
  /** rows of the table that were inserted or replaced; the rest of the batch was older than what is there */
  merged: number
}

export type QueryValue =
  string | number | boolean | null | QueryValue[] | { [k: string]: QueryValue }

export interface QueryResult {
  /** types by the warehouse's own names */
  columns: { name: string; type: string }[]
  /** one array a row, in the order of `columns` */
  rows: QueryValue[][]
  /** true where `limit` cut the answer off */
  truncated: boolean
}

/**
 * A table of orders that keeps, per order, the row of the highest version. One process writes it, one MERGE at a
 * time. It stores nothing about offsets: Kafka's committed offsets are the position, and a replay changes nothing.
 */
export interface Warehouse {
  /** for logs, without secrets: `duckdb:/path/to/file` */
  readonly name: string
  /** Creates the table where it is missing. */
  prepare(): Promise<void>
  /**
   * Merges one batch, all or nothing: versions may come in any order, repeated, or be older than what is there.
   * @param loadedAt epoch milliseconds, stored as LOADED_AT with every row written
   * @throws RetryableError if nothing was merged, or if that is not known; the same batch may be merged again
   */
  merge(rows: readonly WarehouseRow[], loadedAt: number): Promise<MergeCounts>
  /**
   * Reads. DuckDB runs a single SELECT-like statement only; on Snowflake the role decides what is allowed.
   * @param limit rows at most (default 10,000)
   */
  query(sql: string, options?: { limit?: number; signal?: AbortSignal }): Promise<QueryResult>
  close(): Promise<void>
}

export const DEFAULT_QUERY_LIMIT = 10_000
