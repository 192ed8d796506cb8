import type { CuratedOrder } from '@order-up/schemas'
import type { WarehouseRow } from './warehouse.ts'

/** Table and columns are part of the contract with whoever queries: add to them, never rename. */
export const TABLE = 'ORDERS'
export const KEY = 'ORDER_ID'
/** when the row was last written; not staged, since it is one value for a whole batch */
export const LOADED_AT = 'LOADED_AT'

export type ColumnKind = 'text' | 'integer' | 'timestamp'

export interface Column {
  name: string
  kind: ColumnKind
  required: boolean
  /** what is staged: text, an integer within ±(2⁵³−1), or epoch milliseconds */
  value(row: WarehouseRow): string | number | null
}

type Rule = ColumnKind | `${ColumnKind}?`

/** Every field of a curated row, in the contract's order; `?` = may be null. */
const ORDER_FIELDS: Readonly<Record<keyof CuratedOrder, Rule>> = {
  order_id: 'text',
  status: 'text',
  customer_id: 'text?',
  currency: 'text?',
  item_count: 'integer?',
  items_amount: 'integer?',
  shipping_amount: 'integer?',
  total_amount: 'integer?',
  paid_amount: 'integer',
  refunded_amount: 'integer',
  created_at: 'timestamp?',
  paid_at: 'timestamp?',
  shipped_at: 'timestamp?',
  delivered_at: 'timestamp?',
  cancelled_at: 'timestamp?',
  refunded_at: 'timestamp?',
  first_event_ts: 'timestamp',
  last_event_ts: 'timestamp',
  version: 'integer',
  last_event_id: 'text',
  schema_version: 'integer',
}

const column = (name: string, rule: Rule, value: Column['value']): Column => ({
  name,
  kind: rule.replace('?', '') as ColumnKind,
  required: !rule.endsWith('?'),
  value,
})

/** What is staged and merged: the order's fields, then its lineage. */
export const COLUMNS: readonly Column[] = [
  ...(Object.keys(ORDER_FIELDS) as (keyof CuratedOrder)[]).map((field) =>
    column(field.toUpperCase(), ORDER_FIELDS[field], (row) => row.order[field]),
  ),
  column('RAW_PARTITION', 'integer?', (row) => row.rawPartition),
  column('RAW_OFFSET', 'integer?', (row) => row.rawOffset),
  column('ENGINE', 'text?', (row) => row.engine),
  column('CURATED_PARTITION', 'integer', (row) => row.partition),
  column('CURATED_OFFSET', 'integer', (row) => row.offset),
]

/** All that differs between the warehouses' SQL. */
export interface Dialect {
  types: Readonly<Record<ColumnKind, string>>
  /** plain types that the driver can fill fast and exactly; the MERGE casts them */
  stageTypes: Readonly<Record<ColumnKind, string>>
  /** the table's value of a staged one (or of an integer literal) */
  cast(kind: ColumnKind, expression: string): string
  /** Snowflake enforces no key, so none is declared there: `verify` counts keys that appear twice. */
  primaryKey: boolean
}

export const DUCKDB: Dialect = {
  types: { text: 'VARCHAR', integer: 'BIGINT', timestamp: 'TIMESTAMP' },
  // A double holds every integer up to 2⁵³ and spares a BigInt per value on the way through the appender.
  stageTypes: { text: 'VARCHAR', integer: 'DOUBLE', timestamp: 'DOUBLE' },
  cast(kind, expression) {
    if (kind === 'text') return expression
    const integer = `CAST(${expression} AS BIGINT)`
    return kind === 'integer' ? integer : `make_timestamp_ms(${integer})`
  },
  // MERGE finds its rows through the key's index: 12k rows/s without it, 67k with.
  primaryKey: true,
}

export const SNOWFLAKE: Dialect = {
  types: { text: 'VARCHAR', integer: 'NUMBER(38,0)', timestamp: 'TIMESTAMP_NTZ(3)' },
  stageTypes: { text: 'VARCHAR', integer: 'VARCHAR', timestamp: 'VARCHAR' },
  cast(kind, expression) {
    if (kind === 'text') return expression
    const integer = `CAST(${expression} AS NUMBER(38,0))`
    return kind === 'integer' ? integer : `TO_TIMESTAMP_NTZ(${integer}, 3)`
  },
  primaryKey: false,
}

/**
 * Creates the table; the deployment and the sink run the same statement.
 * @param table with database and schema, for a session that has none of its own
 */
export function createTableSql(dialect: Dialect, table = TABLE): string {
  const lines = COLUMNS.map(
    ({ name, kind, required }) => `${name} ${dialect.types[kind]}${required ? ' NOT NULL' : ''}`,
  )
  lines.push(`${LOADED_AT} ${dialect.types.timestamp} NOT NULL`)
  if (dialect.primaryKey) lines.push(`PRIMARY KEY (${KEY})`)
  return `CREATE TABLE IF NOT EXISTS ${table} (\n  ${lines.join(',\n  ')}\n)`
}
