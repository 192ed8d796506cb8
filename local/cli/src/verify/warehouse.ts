import { OrderUpError } from '@order-up/kit'
import { COLUMNS, LOADED_AT, TABLE, queryWarehouse, type ColumnKind } from '@order-up/sink'
import type { Row, Scratch, Columns } from './scratch.ts'

/** How many rows are asked for at a time. */
const SLICE_ROWS = 40_000

const READ: readonly { name: string; kind: ColumnKind }[] = [
  ...COLUMNS,
  { name: LOADED_AT, kind: 'timestamp' },
]

/** Every column of the warehouse's table, as the scratch database holds it: names in lower case, times in epoch ms. */
export const WAREHOUSE: Columns = Object.fromEntries(
  READ.map(({ name, kind }) => [name.toLowerCase(), kind === 'text' ? 'VARCHAR' : 'BIGINT']),
)

/**
 * Copies the warehouse's table → warehouse. The sink goes on meanwhile: a row is taken as it stands when its slice is
 * read. The slices are by a hash of the key, so that a key that is there twice is seen twice.
 */
export async function loadWarehouse(
  db: Scratch,
  querySocket: string,
  onProgress: (rows: number) => void,
): Promise<void> {
  const counted = await queryWarehouse(querySocket, `SELECT count(*) FROM ${TABLE}`)
  const slices = Math.max(1, Math.ceil(Number(counted.rows[0]?.[0] ?? 0) / SLICE_ROWS))
  const table = await db.table('warehouse', WAREHOUSE)
  const columns = READ.map(({ name, kind }) => exact(name, kind)).join(', ')
  let rows = 0
  for (let slice = 0; slice < slices; slice++) {
    const found = await queryWarehouse(
      querySocket,
      `SELECT ${columns} FROM ${TABLE} WHERE hash(ORDER_ID) % ${slices} = ${slice}`,
      { limit: 1_000_000 },
    )
    if (found.truncated) throw new OrderUpError('QUERY', 'The warehouse cut its answer off')
    for (const row of found.rows) table.add(rowOf(row))
    onProgress((rows += found.rows.length))
  }
  table.end()
}

/** The binding drops a byte order mark at the beginning of a text, so texts come as base64. */
function exact(name: string, kind: ColumnKind): string {
  if (kind === 'text') return `to_base64(encode(${name}))`
  return kind === 'timestamp' ? `epoch_ms(${name})` : name
}

function rowOf(values: readonly unknown[]): Row {
  return Object.fromEntries(
    READ.map(({ name, kind }, i) => {
      const value = (values[i] ?? null) as string | number | null
      return [name.toLowerCase(), value !== null && kind === 'text' ? textOf(String(value)) : value]
    }),
  )
}

const textOf = (base64: string) => Buffer.from(base64, 'base64').toString()
