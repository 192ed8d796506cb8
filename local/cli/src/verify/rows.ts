import { Scratch } from './scratch.ts'
import { LINEAGE_FIELDS, ROW_FIELDS } from './tables.ts'
import { WAREHOUSE, loadWarehouse } from './warehouse.ts'

/**
 * Writes the warehouse's rows as JSON lines, by order_id: the contract's fields, then the other columns; times in
 * epoch milliseconds. @returns how many
 */
export async function writeRows(querySocket: string, file: string): Promise<number> {
  const db = await Scratch.open()
  try {
    await loadWarehouse(db, querySocket, () => {})
    const first = [...Object.keys(ROW_FIELDS), ...Object.keys(LINEAGE_FIELDS)]
    const rest = Object.keys(WAREHOUSE).filter((column) => !first.includes(column))
    await db.run(
      `COPY (SELECT ${[...first, ...rest].join(', ')} FROM warehouse ORDER BY order_id)
       TO '${file.replaceAll("'", "''")}' (FORMAT json)`,
    )
    return await db.count('SELECT count(*) FROM warehouse')
  } finally {
    await db.close()
  }
}
