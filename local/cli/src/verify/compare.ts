import type { SchemaIds } from '@order-up/schemas'
import { CHECKS } from './checks.sql.ts'
import { foldPass } from './fold-pass.ts'
import { CLASSIFY, FOLD_IN_SQL } from './oracle.sql.ts'
import type { Row, Scratch } from './scratch.ts'

/** Where each partition was when verification began: what lies below must have arrived everywhere. */
export interface Due {
  partition: number
  /** offset of raw, exclusive */
  until: number
  /** the first raw offset whose curated row is still retained */
  curatedFrom: number
}

export interface Problem {
  check: string
  says: string
  count: number
  /** the first ten */
  examples: Row[]
}

interface Counts {
  raw: number
  /** of these, what came after verification began: its row and dead letter may still be on their way */
  later: number
  applied: number
  duplicate: number
  deadLetter: number
  /** by reason */
  deadLetters: Record<string, number>
  curated: number
  /** of these, what says again what an earlier one says: two engines wrote it while their shares overlapped */
  curatedAgain: number
  /** of these, what a swap copied from a shadow topic */
  curatedFilled: number
  deadLetterRecords: number
  orders: number
  warehouse: number
}

export interface Findings {
  counts: Counts
  problems: Problem[]
}

const EXAMPLES = 10

/**
 * Judges what is loaded: raw, item, curated, dead_letter and warehouse. Computes the truth twice, by the fold and by
 * SQL, and compares both with the warehouse and with each other.
 */
export async function compare(
  db: Scratch,
  { ids, partitions, due }: { ids: SchemaIds; partitions: number; due: readonly Due[] },
  onProgress: (doing: string) => void,
): Promise<Findings> {
  await db.run(
    `CREATE TABLE due AS SELECT * FROM (VALUES ${due
      .map(
        ({ partition, until, curatedFrom }) =>
          `(${partition}, ${until}::BIGINT, ${curatedFrom}::BIGINT)`,
      )
      .join(', ')}) v(p, until, from_raw)`,
  )
  await db.run(
    `CREATE TABLE shown AS SELECT order_id, max(version) AS version FROM warehouse GROUP BY order_id`,
  )

  const total = await db.count('SELECT count(*) FROM raw')
  onProgress(`folding ${total} raw records, in SQL too`)
  // side by side: neither reads what the other writes
  await both(
    foldPass(db, ids, partitions, (n) => onProgress(`folding: ${n} of ${total} raw records`)),
    inSql(db),
  )

  onProgress('comparing')
  const problems: Problem[] = []
  for (const { name, says, violations } of CHECKS) {
    const count = await db.count(`SELECT count(*) FROM (${violations})`)
    if (count === 0) continue
    const examples = await db.rows(`SELECT * FROM (${violations}) ORDER BY 1, 2 LIMIT ${EXAMPLES}`)
    problems.push({ check: name, says, count, examples: examples.map(withNumbers) })
  }
  return { counts: await countAll(db), problems }
}

async function inSql(db: Scratch): Promise<void> {
  for (const sql of [...CLASSIFY, ...FOLD_IN_SQL]) await db.run(sql)
}

/** Waits until neither runs any more: the database is closed then. @throws what the first of them threw */
async function both(...works: Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(works)) if (end.status === 'rejected') throw end.reason
}

/** DuckDB gives 64-bit integers as bigint, which JSON has no word for; all of these are below 2⁵³. */
const withNumbers = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([k, v]) => [k, typeof v === 'bigint' ? Number(v) : v]),
  )

async function countAll(db: Scratch): Promise<Counts> {
  const of = async (table: string) => db.count(`SELECT count(*) FROM ${table}`)
  const outcomes = await db.rows<{ outcome: string; n: bigint }>(
    'SELECT outcome, count(*) AS n FROM fold_outcome GROUP BY outcome ORDER BY outcome',
  )
  const byOutcome = new Map(outcomes.map(({ outcome, n }) => [outcome, Number(n)]))
  const { applied = 0, duplicate = 0, ...deadLetters } = Object.fromEntries(byOutcome)
  return {
    raw: await of('raw'),
    later: await db.count('SELECT count(*) FROM raw JOIN due USING (p) WHERE raw.o >= due.until'),
    applied,
    duplicate,
    deadLetter: Object.values(deadLetters).reduce((sum, n) => sum + n, 0),
    deadLetters,
    curated: await of('curated'),
    curatedAgain: await db.count(
      `SELECT coalesce(sum(n - 1), 0) FROM (
        SELECT count(*) AS n FROM curated WHERE invalid IS NULL GROUP BY order_id, version)`,
    ),
    curatedFilled: await of('curated WHERE filled'),
    deadLetterRecords: await of('dead_letter'),
    orders: await of('fold_row'),
    warehouse: await of('warehouse'),
  }
}
