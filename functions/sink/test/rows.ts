import fc from 'fast-check'
import { STATUSES, type CuratedOrder } from '@order-up/schemas'
import type { QueryResult, Warehouse, WarehouseRow } from '../src/warehouse.ts'

const MAX = Number.MAX_SAFE_INTEGER

/** A row that is a function of (order, version), as the contract promises of every engine. */
export function rowOf(order: string, version: number, offset = version): WarehouseRow {
  const at = 1_700_000_000_000 + version * 1_000 + 7
  return {
    order: {
      order_id: order,
      status: STATUSES[version % STATUSES.length]!,
      customer_id: version % 2 ? `customer of ${order}` : null,
      currency: version % 3 ? 'EUR' : null,
      item_count: version % 2 ? version : null,
      items_amount: version % 5 ? 100 * version : null,
      shipping_amount: null,
      total_amount: version % 5 ? 100 * version : null,
      paid_amount: version,
      refunded_amount: 0,
      created_at: at,
      paid_at: version > 1 ? at + 1 : null,
      shipped_at: null,
      delivered_at: null,
      cancelled_at: null,
      refunded_at: null,
      first_event_ts: 1_700_000_000_001,
      last_event_ts: at + 1,
      version,
      last_event_id: `00000000-0000-4000-8000-${String(version).padStart(12, '0')}`,
      schema_version: 1,
    },
    rawPartition: 3,
    rawOffset: 10 * version,
    engine: 'node-1',
    partition: 3,
    offset,
    timestamp: at + 50,
  }
}

/** The extremes that must come back as they went in. */
export const EXTREME: WarehouseRow = {
  order: {
    order_id: 'o\'1 \\ "ü" 🙂',
    status: 'UNKNOWN',
    customer_id: '',
    currency: null,
    item_count: 2_147_483_647,
    items_amount: MAX,
    shipping_amount: 0,
    total_amount: MAX,
    paid_amount: MAX,
    refunded_amount: 9_007_199_254_740_990,
    created_at: 946_684_800_000,
    paid_at: 946_684_800_001,
    shipped_at: 4_102_444_799_999,
    delivered_at: 1_709_164_800_999,
    cancelled_at: null,
    refunded_at: null,
    first_event_ts: 946_684_800_000,
    last_event_ts: 4_102_444_799_999,
    version: MAX,
    last_event_id: 'ffffffff-ffff-4fff-bfff-ffffffffffff',
    schema_version: 1,
  },
  rawPartition: null,
  rawOffset: null,
  engine: null,
  partition: 0,
  offset: MAX,
  timestamp: 0,
}

/** Batches that a sink may deliver: all versions in order, then any of them again, in any order and cut anywhere. */
export const deliveries = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 12 })), {
    minLength: 1,
    maxLength: 60,
  })
  .chain((records) =>
    fc.record({
      records: fc.constant(records),
      cuts: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
      replayFrom: fc.integer({ min: 0, max: records.length - 1 }),
    }),
  )
  .map(({ records, cuts, replayFrom }) => {
    const rows = records.map(([order, version]) => rowOf(order, version))
    const batches: WarehouseRow[][] = []
    const log = [...rows, ...rows.slice(replayFrom)]
    for (let i = 0, n = 0; i < log.length; n++) {
      const size = cuts[n % cuts.length]!
      batches.push(log.slice(i, i + size))
      i += size
    }
    return { rows, batches }
  })

/** What the table must hold: of every order the highest version. */
export function newest(rows: readonly WarehouseRow[]): CuratedOrder[] {
  const best = new Map<string, CuratedOrder>()
  for (const { order } of rows) {
    const known = best.get(order.order_id)
    if (!known || order.version > known.version) best.set(order.order_id, order)
  }
  return [...best.values()].toSorted((a, b) => (a.order_id < b.order_id ? -1 : 1))
}

/** The table's rows by lower-case column name. */
export async function tableOf(
  warehouse: Warehouse,
  sql = 'SELECT * FROM ORDERS ORDER BY ORDER_ID',
) {
  return objectsOf(await warehouse.query(sql))
}

export function objectsOf({ columns, rows }: QueryResult) {
  return rows.map((row) =>
    Object.fromEntries(row.map((value, i) => [columns[i]!.name.toLowerCase(), value])),
  )
}
