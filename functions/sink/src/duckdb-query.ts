import {
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  JsonDuckDBValueConverter,
  StatementType,
  type DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import { OrderUpError, messageOf } from '@order-up/kit'
import type { QueryResult, QueryValue } from './warehouse.ts'

const READING: ReadonlySet<StatementType> = new Set([StatementType.SELECT, StatementType.EXPLAIN])

/**
 * Runs one reading statement on a connection of its own, in a read-only transaction, while the sink goes on merging.
 * @throws OrderUpError `QUERY` with DuckDB's own words, or saying why the statement is refused
 */
export async function queryDuckDb(
  instance: DuckDBInstance,
  sql: string,
  limit: number,
  signal?: AbortSignal,
): Promise<QueryResult> {
  const connection = await instance.connect()
  const interrupt = () => connection.interrupt()
  signal?.addEventListener('abort', interrupt)
  try {
    const statements = await connection.extractStatements(sql)
    if (statements.count !== 1) {
      throw new Error(`One statement at a time, please; here are ${statements.count}`)
    }
    await connection.run('BEGIN TRANSACTION READ ONLY')
    const statement = await statements.prepare(0)
    if (!READING.has(statement.statementType)) {
      throw new Error(
        `Only a statement that reads is allowed, not ${nameOf(statement.statementType)}`,
      )
    }
    const reader = await statement.streamAndReadUntil(limit + 1)
    const types = reader.columnTypes()
    const rows = reader.getRows().slice(0, limit)
    return {
      columns: reader.columnNames().map((name, i) => ({ name, type: String(types[i]) })),
      rows: rows.map((row) => row.map((value, i) => toJson(value, types[i]!))),
      truncated: reader.currentRowCount > limit,
    }
  } catch (error) {
    throw new OrderUpError('QUERY', messageOf(error))
  } finally {
    signal?.removeEventListener('abort', interrupt)
    connection.closeSync()
  }
}

const nameOf = (type: StatementType) =>
  Object.entries(StatementType).find(([, value]) => value === type)?.[0] ?? `type ${type}`

/**
 * A value as JSON: integers as numbers, or as decimal strings where a number would round them; timestamps as ISO
 * 8601 in UTC, with milliseconds (and microseconds where there are any); the rest as DuckDB's binding has it.
 */
function toJson(value: DuckDBValue, type: DuckDBType): QueryValue {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return isoOf(value.micros) ?? String(value)
  }
  return JsonDuckDBValueConverter(value, type, JsonDuckDBValueConverter)
}

function isoOf(micros: bigint): string | undefined {
  const rest = ((micros % 1000n) + 1000n) % 1000n
  const date = new Date(Number((micros - rest) / 1000n))
  if (Number.isNaN(date.getTime())) return undefined // infinity, or a year beyond JavaScript's
  const iso = date.toISOString()
  return rest === 0n ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}
