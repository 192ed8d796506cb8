import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CuratedOrder, EventType, Status } from '@order-up/schemas'

type Line = Readonly<Record<string, string>>

/** These files quote nothing, so a comma is a comma. */
function linesOf(dir: string, name: string): Line[] {
  const [header = '', ...lines] = readFileSync(join(dir, name), 'utf8').trim().split(/\r?\n/)
  const columns = header.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']))
  })
}

function timeOf(text = ''): number | null {
  const [, month, day, year, hour, minute] =
    /^(\d+)\/(\d+)\/(\d+) (\d+):(\d+)$/.exec(text)?.map(Number) ?? []
  return minute === undefined ? null : Date.UTC(year!, month! - 1, day, hour, minute)
}

const centavos = (text = '') => Math.round(Number(text) * 100)
const sum = (list: readonly number[]) => list.reduce((total, n) => total + n, 0)
const groupByOrder = (lines: Line[]) => Map.groupBy(lines, (line) => line['order_id']!)

const URL_NAMESPACE = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex')

function uuid5(name: string): string {
  const hash = createHash('sha1').update(URL_NAMESPACE).update(name).digest().subarray(0, 16)
  hash[6] = (hash[6]! & 0x0f) | 0x50
  hash[8] = (hash[8]! & 0x3f) | 0x80
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/**
 * The warehouse's final rows of an Olist replay, straight from the files: no event, codec or fold takes part.
 */
export function olistTruth(dir: string): Map<string, CuratedOrder> {
  const items = groupByOrder(linesOf(dir, 'order_items.csv'))
  const payments = groupByOrder(linesOf(dir, 'order_payments.csv'))
  return new Map(
    linesOf(dir, 'orders.csv').map((order) => {
      const id = order['order_id']!
      return [id, rowOf(id, order, items.get(id) ?? [], payments.get(id) ?? [])]
    }),
  )
}

function rowOf(order_id: string, order: Line, items: Line[], payments: Line[]): CuratedOrder {
  const created = timeOf(order['order_purchase_timestamp'])!
  const paid = payments.length > 0 ? timeOf(order['order_approved_at']) : null
  const shipped = timeOf(order['order_delivered_carrier_date'])
  const delivered = timeOf(order['order_delivered_customer_date'])
  const isCancelled = ['canceled', 'unavailable'].includes(order['order_status']!)
  const approved = timeOf(order['order_approved_at'])
  const cancelled = isCancelled
    ? Math.max(created, approved ?? 0, shipped ?? 0, delivered ?? 0)
    : null

  const happened: [Status, number | null][] = [
    ['CREATED', created],
    ['PAID', paid],
    ['SHIPPED', shipped],
    ['DELIVERED', delivered],
    ['CANCELLED', cancelled],
  ]
  const events = happened
    .filter((event): event is [Status, number] => event[1] !== null)
    .toSorted(([, a], [, b]) => a - b) // stable: at the same time in this order, which is the rank's
  const [status, lastTs] = events.at(-1)!
  const items_amount = sum(items.map((item) => centavos(item['price'])))
  const shipping_amount = sum(items.map((item) => centavos(item['freight_value'])))
  return {
    order_id,
    status,
    customer_id: order['customer_id']!,
    currency: 'BRL',
    item_count: items.length,
    items_amount,
    shipping_amount,
    total_amount: items_amount + shipping_amount,
    paid_amount: paid === null ? 0 : sum(payments.map((p) => centavos(p['payment_value']))),
    refunded_amount: 0,
    created_at: created,
    paid_at: paid,
    shipped_at: shipped,
    delivered_at: delivered,
    cancelled_at: cancelled,
    refunded_at: null,
    first_event_ts: events[0]![1],
    last_event_ts: lastTs,
    version: events.length,
    last_event_id: uuid5(`${order_id}/${`ORDER_${status}` satisfies string as EventType}`),
    schema_version: 1,
  }
}

/** The rows that a replay of these files left in `out`, each equal to its truth in every field of the contract. */
export function assertOlistRows<Row extends CuratedOrder>(out: string, dir: string): Row[] {
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n')
  const rows = lines.map((line) => JSON.parse(line) as Row)
  const truth = olistTruth(dir)
  assert.deepEqual(
    rows.map(({ order_id }) => order_id),
    [...truth.keys()].toSorted(),
  )
  for (const row of rows) {
    const expected = truth.get(row.order_id)!
    const fields = Object.keys(expected) as (keyof CuratedOrder)[]
    assert.deepEqual(Object.fromEntries(fields.map((field) => [field, row[field]])), expected)
  }
  return rows
}
