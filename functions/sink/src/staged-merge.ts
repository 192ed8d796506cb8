import { randomUUID } from 'node:crypto'
import { RetryableError } from '@order-up/kit'
import type { Dialect } from './ddl.ts'
import { createStageSql, mergeSql } from './merge-sql.ts'
import type { MergeCounts, WarehouseRow } from './warehouse.ts'

/** One session of a warehouse, as far as a staged MERGE needs it. */
export interface Session {
  /** Runs a statement and returns how many rows of a table it changed. */
  run(sql: string): Promise<number>
  count(table: string): Promise<number>
  /** Puts rows into a stage, all columns in the order of COLUMNS. */
  fill(stage: string, rows: readonly WarehouseRow[]): Promise<void>
}

/**
 * Stages a batch in a table of its own, counts it there, and merges it with one statement, which either warehouse
 * runs as one transaction. What goes wrong before or in the MERGE leaves the table as it was.
 * @throws RetryableError `STAGE_INCOMPLETE` if the stage does not hold exactly the batch; else the driver's error
 */
export async function stagedMerge(
  session: Session,
  dialect: Dialect,
  rows: readonly WarehouseRow[],
  loadedAt: number,
): Promise<MergeCounts> {
  const stage = `STAGE_${randomUUID().replaceAll('-', '')}`
  await session.run(createStageSql(dialect, stage))
  try {
    await session.fill(stage, rows)
    const staged = await session.count(stage)
    if (staged !== rows.length) {
      throw new RetryableError(
        'STAGE_INCOMPLETE',
        `The stage holds ${staged} rows of a batch of ${rows.length}; nothing was merged`,
      )
    }
    return { staged, merged: await session.run(mergeSql(dialect, stage, loadedAt)) }
  } finally {
    // temporary, so it ends with the session anyway; what matters is the MERGE's own outcome
    await session.run(`DROP TABLE IF EXISTS ${stage}`).catch(() => {})
  }
}
