import { encodeRow, fold, rowOf, type OrderState } from '@order-up/fold'
import { decodeRaw, type CuratedOrder, type SchemaIds } from '@order-up/schemas'
import { digestOf } from './load.ts'
import { newerSchema } from './independent.ts'
import type { Scratch } from './scratch.ts'
import { FOLD_OUTCOME, FOLD_ROW } from './tables.ts'

type RawRow = {
  p: number
  o: bigint
  key: Uint8Array | null
  value: Uint8Array | null
  until: bigint
  shown: bigint
}

/**
 * raw, due, shown → fold_outcome, fold_row: the truth by the project's own codec and fold. The log is read order by
 * order, so that one order's state is in memory at a time.
 */
export async function foldPass(
  db: Scratch,
  ids: SchemaIds,
  partitions: number,
  onProgress: (records: number) => void,
): Promise<void> {
  const outcomes = await db.table('fold_outcome', FOLD_OUTCOME)
  const rows = await db.table('fold_row', FOLD_ROW)
  let order = null as { id: string; state: OrderState; row: FoldRow | null } | null
  let records = 0

  const sorted = db.stream<RawRow>(`
    SELECT raw.p, o, key, value, coalesce(until, 0) AS until, coalesce(version, 0) AS shown
    FROM raw LEFT JOIN due ON due.p = raw.p LEFT JOIN shown ON encode(shown.order_id) = key
    ORDER BY key, raw.p, o`)
  for await (const { p, o, key, value, until, shown } of sorted) {
    if (++records % 50_000 === 0) onProgress(records)
    const decoded = decodeRaw(
      { key: buffer(key), value: buffer(value), partition: p },
      ids,
      partitions,
    )
    if (decoded.kind === 'newer_schema') throw newerSchema(decoded.id, decoded.version)
    if (decoded.kind === 'rejected') {
      outcomes.add({ p, o, outcome: decoded.reason })
      continue
    }
    const { event } = decoded
    const { order_id } = event
    if (order && order.id !== order_id) {
      if (order.row) rows.add({ ...order.row })
      order = null
    }
    const next = fold(order?.state ?? null, event)
    if (next === 'duplicate') {
      outcomes.add({ p, o, order_id, outcome: 'duplicate' })
      continue
    }
    const row = rowOf(order_id, next)
    const digest = digestOf(encodeRow(order_id, next, 0))
    outcomes.add({ p, o, order_id, outcome: 'applied', version: row.version, digest })
    const isDue = o < until || row.version <= shown
    const latest: FoldRow | null = isDue
      ? { ...row, raw_partition: p, raw_offset: o }
      : (order?.row ?? null)
    order = { id: order_id, state: next, row: latest }
  }
  if (order?.row) rows.add({ ...order.row })
  outcomes.end()
  rows.end()
}

type FoldRow = CuratedOrder & { raw_partition: number; raw_offset: bigint }

const buffer = (bytes: Uint8Array | null) =>
  bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
