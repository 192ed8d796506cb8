import type { Item } from '@order-up/schemas'
import { join } from 'node:path'
import { readCsv, type Row } from './csv.ts'
import { centavos, utcTime, wholeNumber } from './values.ts'

/** An order as the three files have it together. Money in centavos, times in epoch milliseconds. */
export interface OlistOrder {
  order_id: string
  customer_id: string
  status: string
  purchased: number
  approved: number | null
  /** handed to the carrier */
  shipped: number | null
  delivered: number | null
  items: Item[]
  freight: number
  payments: Payments | null
  /** an error that names the order's line */
  bad: Row<string>['bad']
}

interface Payments {
  total: number
  /** type of the largest; of equals, the first by sequence */
  method: string
  largest: number
  sequence: number
}

export interface OlistFiles {
  orders: OlistOrder[]
  /** rows of items and payments that belong to no order of orders.csv, and so to no event */
  orphans: number
}

const ORDERS = [
  'order_id',
  'customer_id',
  'order_status',
  'order_purchase_timestamp',
  'order_approved_at',
  'order_delivered_carrier_date',
  'order_delivered_customer_date',
] as const
const ITEMS = ['order_id', 'product_id', 'price', 'freight_value'] as const
const PAYMENTS = ['order_id', 'payment_sequential', 'payment_type', 'payment_value'] as const

/**
 * Reads orders.csv, order_items.csv and order_payments.csv of a directory.
 * @throws TerminalError `BAD_INPUT` naming file, line and column
 */
export async function readOlistFiles(dir: string): Promise<OlistFiles> {
  const orders = new Map<string, OlistOrder>()
  let orphans = 0
  for await (const row of readCsv(join(dir, 'orders.csv'), ORDERS)) {
    const order = orderOf(row)
    if (orders.has(order.order_id)) throw row.bad(`order_id ${order.order_id} comes twice`)
    orders.set(order.order_id, order)
  }
  for await (const row of readCsv(join(dir, 'order_items.csv'), ITEMS)) {
    const order = orders.get(row.text('order_id'))
    if (order) addItem(order, row)
    else orphans += 1
  }
  for await (const row of readCsv(join(dir, 'order_payments.csv'), PAYMENTS)) {
    const order = orders.get(row.text('order_id'))
    if (order) addPayment(order, row)
    else orphans += 1
  }
  return { orders: [...orders.values()], orphans }
}

function orderOf(row: Row<(typeof ORDERS)[number]>): OlistOrder {
  return {
    order_id: row.text('order_id'),
    customer_id: row.text('customer_id'),
    status: row.text('order_status'),
    purchased: row.read('order_purchase_timestamp', utcTime),
    approved: row.readOptional('order_approved_at', utcTime),
    shipped: row.readOptional('order_delivered_carrier_date', utcTime),
    delivered: row.readOptional('order_delivered_customer_date', utcTime),
    items: [],
    freight: 0,
    payments: null,
    bad: row.bad,
  }
}

/** One row is one piece: pieces of one product at one price are one item. */
function addItem(order: OlistOrder, row: Row<(typeof ITEMS)[number]>) {
  const sku = row.text('product_id')
  const unit_amount = row.read('price', centavos)
  order.freight += row.read('freight_value', centavos)
  const item = order.items.find((i) => i.sku === sku && i.unit_amount === unit_amount)
  if (item) item.quantity += 1
  else order.items.push({ sku, quantity: 1, unit_amount })
}

function addPayment(order: OlistOrder, row: Row<(typeof PAYMENTS)[number]>) {
  const value = row.read('payment_value', centavos)
  const sequence = row.read('payment_sequential', wholeNumber)
  const payments = (order.payments ??= { total: 0, method: '', largest: -1, sequence: 0 })
  payments.total += value
  if (value < payments.largest || (value === payments.largest && sequence > payments.sequence))
    return
  payments.largest = value
  payments.sequence = sequence
  payments.method = row.text('payment_type')
}
