import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { decodeRaw, encodeEvent, partitionOf, type OrderEvent } from '@order-up/schemas'
import { eventOf, planEvents } from './events.ts'
import { readOlistFiles } from './orders.ts'

// The real files, against sums taken from their text by other means: lines split at commas, amounts as BigInt.

const DIR = fileURLToPath(new URL('../../../../../shared/data/olist', import.meta.url))
const skip = existsSync(DIR) ? false : `${DIR} is not there`

function table(name: string): Record<string, string>[] {
  const text = readFileSync(`${DIR}/${name}`, 'utf8')
  assert.ok(!text.includes('"'), 'a plain split needs files without quotes')
  const [header, ...lines] = text.trimEnd().split(/\r?\n/)
  const names = header!.split(',')
  return lines.map((line) =>
    Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, cell])),
  )
}

const cents = (texts: (string | undefined)[]) =>
  texts.reduce((sum, text) => {
    const [whole, fraction = ''] = text!.split('.')
    return sum + BigInt(whole!) * 100n + BigInt(fraction.padEnd(2, '0'))
  }, 0n)

async function replayed(): Promise<OrderEvent[]> {
  const { orders, orphans } = await readOlistFiles(DIR)
  assert.equal(orphans, 0)
  return planEvents(orders).map((plan) => eventOf(plan))
}

const byText = (a: string, b: string) => (a < b ? -1 : Number(a > b))

type Of<T> = Extract<OrderEvent, { event_type: T }>
const of = <T extends OrderEvent['event_type']>(events: OrderEvent[], type: T) =>
  events.filter((e): e is Of<T> => e.event_type === type)

test('every event that the files hold, once', { skip }, async () => {
  const events = await replayed()
  const orders = table('orders.csv')
  const paid = new Set(table('order_payments.csv').map((p) => p['order_id']))
  const ids = (rows: Record<string, string>[]) => rows.map((o) => o['order_id']!).toSorted(byText)
  const sent = (type: OrderEvent['event_type']) =>
    of(events, type)
      .map((e) => e.order_id)
      .toSorted(byText)

  assert.deepEqual(sent('ORDER_CREATED'), ids(orders))
  assert.deepEqual(
    sent('ORDER_PAID'),
    ids(orders.filter((o) => o['order_approved_at'] && paid.has(o['order_id']))),
  )
  assert.deepEqual(
    sent('ORDER_SHIPPED'),
    ids(orders.filter((o) => o['order_delivered_carrier_date'])),
  )
  assert.deepEqual(
    sent('ORDER_DELIVERED'),
    ids(orders.filter((o) => o['order_delivered_customer_date'])),
  )
  assert.deepEqual(
    sent('ORDER_CANCELLED'),
    ids(orders.filter((o) => /^(canceled|unavailable)$/.test(o['order_status']!))),
  )
  assert.equal(new Set(events.map((e) => e.event_id)).size, events.length)
})

test('the money of every order, to the centavo', { skip }, async () => {
  const events = await replayed()
  const items = Map.groupBy(table('order_items.csv'), (row) => row['order_id'])
  const payments = Map.groupBy(table('order_payments.csv'), (row) => row['order_id'])
  for (const { order_id, payload } of of(events, 'ORDER_CREATED')) {
    const rows = items.get(order_id) ?? []
    const total = payload.items.reduce(
      (sum, i) => sum + BigInt(i.quantity) * BigInt(i.unit_amount),
      0n,
    )
    assert.equal(total, cents(rows.map((row) => row['price'])), order_id)
    assert.equal(
      payload.items.reduce((sum, i) => sum + i.quantity, 0),
      rows.length,
    )
    assert.equal(BigInt(payload.shipping_amount), cents(rows.map((row) => row['freight_value'])))
  }
  for (const { order_id, payload } of of(events, 'ORDER_PAID')) {
    const rows = payments.get(order_id)!
    assert.equal(BigInt(payload.amount), cents(rows.map((row) => row['payment_value'])), order_id)
    const [largest] = rows.toSorted(
      (a, b) =>
        Number(cents([b['payment_value']]) - cents([a['payment_value']])) ||
        Number(a['payment_sequential']) - Number(b['payment_sequential']),
    )
    assert.equal(payload.method, largest!['payment_type'])
  }
})

test('every time, and all of them in order', { skip }, async () => {
  const events = await replayed()
  const rows = new Map(table('orders.csv').map((row) => [row['order_id'], row]))
  const columns = {
    ORDER_CREATED: ['order_purchase_timestamp'],
    ORDER_PAID: ['order_approved_at'],
    ORDER_SHIPPED: ['order_delivered_carrier_date'],
    ORDER_DELIVERED: ['order_delivered_customer_date'],
    ORDER_CANCELLED: [
      'order_purchase_timestamp',
      'order_approved_at',
      'order_delivered_carrier_date',
      'order_delivered_customer_date',
    ],
  }
  let last = 0
  for (const { event_type, event_ts, order_id } of events) {
    assert.ok(event_type in columns)
    const times = columns[event_type as keyof typeof columns]
      .map((column) => rows.get(order_id)![column]!)
      .filter((text) => text !== '')
      .map((text) => Date.parse(`${text} UTC`)) // V8 reads M/D/YYYY H:MM
    assert.equal(event_ts, Math.max(...times), `${order_id} ${event_type}`)
    assert.ok(event_ts >= last)
    last = event_ts
  }
})

test('an engine accepts every one of them', { skip }, async () => {
  for (const event of await replayed()) {
    const key = Buffer.from(event.order_id)
    const record = { key, value: encodeEvent(event, 1), partition: partitionOf(key, 4) }
    assert.deepEqual(decodeRaw(record, new Map([[1, 1]]), 4), { kind: 'event', event })
  }
})
