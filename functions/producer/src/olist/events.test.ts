import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { TerminalError } from '@order-up/kit'
import { eventOf, planEvents } from './events.ts'
import { readOlistFiles } from './orders.ts'

const ORDERS =
  'order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date'
const ITEMS = 'order_id,order_item_id,product_id,price,freight_value'
const PAYMENTS = 'order_id,payment_sequential,payment_type,payment_value'

interface Files {
  orders?: string[] | Buffer
  items?: string[]
  payments?: string[]
}

/** The events of files with these lines; a header is put before them. */
async function replay(t: TestContext, { orders = [], items = [], payments = [] }: Files) {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-olist-'))
  t.after(() => rm(dir, { recursive: true }))
  const write = (name: string, content: string[] | Buffer) =>
    writeFile(join(dir, name), Array.isArray(content) ? content.join('\n') : content)
  await write('orders.csv', Array.isArray(orders) ? [ORDERS, ...orders] : orders)
  await write('order_items.csv', [ITEMS, ...items])
  await write('order_payments.csv', [PAYMENTS, ...payments])
  const files = await readOlistFiles(dir)
  return { orphans: files.orphans, events: planEvents(files.orders).map((plan) => eventOf(plan)) }
}

const short = ({ events }: Awaited<ReturnType<typeof replay>>) =>
  events.map(
    (e) =>
      `${e.order_id} ${e.event_type.slice(6)} ${new Date(e.event_ts).toISOString().slice(5, 16)}`,
  )

test('an order lives through its four times', async (t) => {
  const { events } = await replay(t, {
    orders: ['a,c1,delivered,1/1/2018 10:00,1/1/2018 10:30,1/2/2018 9:00,1/5/2018 17:00'],
    items: ['a,1,p1,10.5,1', 'a,2,p2,99,2.25', 'a,3,p1,10.50,0', 'a,4,p1,11,0.1'],
    payments: ['a,1,voucher,5', 'a,3,boleto,100.05', 'a,2,credit_card,100.05'],
  })
  const base = { order_id: 'a', schema_version: 1 }
  assert.deepEqual(events, [
    {
      ...base,
      // uuid.uuid5(uuid.NAMESPACE_URL, 'a/ORDER_CREATED') in Python
      event_id: '3f259305-9c96-5828-9604-e07feac8d428',
      event_type: 'ORDER_CREATED',
      event_ts: Date.UTC(2018, 0, 1, 10),
      payload: {
        customer_id: 'c1',
        currency: 'BRL',
        items: [
          { sku: 'p1', quantity: 2, unit_amount: 1050 },
          { sku: 'p2', quantity: 1, unit_amount: 9900 },
          { sku: 'p1', quantity: 1, unit_amount: 1100 },
        ],
        shipping_amount: 335,
      },
    },
    {
      ...base,
      event_id: '5112cd5b-a229-594d-a8f3-a691bd83f9ea',
      event_type: 'ORDER_PAID',
      event_ts: Date.UTC(2018, 0, 1, 10, 30),
      payload: { payment_id: 'a', amount: 20510, method: 'credit_card' },
    },
    {
      ...base,
      event_id: '90493ffb-2f73-544f-ae95-38641b44e24d',
      event_type: 'ORDER_SHIPPED',
      event_ts: Date.UTC(2018, 0, 2, 9),
      payload: { carrier: null, tracking_number: null },
    },
    {
      ...base,
      event_id: 'efae3b3e-b525-530f-9da1-8618f921e5f6',
      event_type: 'ORDER_DELIVERED',
      event_ts: Date.UTC(2018, 0, 5, 17),
      payload: { signed_by: null },
    },
  ])
})

test('an order without items and payments is only created, though it was approved', async (t) => {
  const { events } = await replay(t, { orders: ['a,c,created,1/1/2018 10:00,1/1/2018 10:30,,'] })
  assert.deepEqual(
    events.map(({ payload }) => payload),
    [{ customer_id: 'c', currency: 'BRL', items: [], shipping_amount: 0 }],
  )
})

test('a payment without an approval is no ORDER_PAID', async (t) => {
  const files = { orders: ['a,c,created,1/1/2018 10:00,,,'], payments: ['a,1,boleto,1'] }
  assert.deepEqual(short(await replay(t, files)), ['a CREATED 01-01T10:00'])
})

test('canceled and unavailable: at the latest of the four times, of which approval counts without payment', async (t) => {
  const replayed = await replay(t, {
    orders: [
      'a,c,canceled,1/1/2018 10:00,1/3/2018 10:00,1/2/2018 10:00,',
      'b,c,unavailable,1/1/2018 11:00,,,',
    ],
  })
  assert.deepEqual(short(replayed), [
    'a CREATED 01-01T10:00',
    'b CREATED 01-01T11:00',
    'b CANCELLED 01-01T11:00',
    'a SHIPPED 01-02T10:00',
    'a CANCELLED 01-03T10:00',
  ])
  assert.deepEqual(
    replayed.events.flatMap(({ payload }) => ('reason' in payload ? [payload.reason] : [])),
    ['unavailable', 'canceled'],
  )
})

test('events are in the order of time over all orders, ties by rank, then by order', async (t) => {
  const replayed = await replay(t, {
    orders: [
      'b,c,delivered,1/1/2018 10:00,1/1/2018 10:00,1/1/2018 9:00,1/1/2018 10:00',
      'a,c,delivered,1/1/2018 10:00,1/1/2018 10:00,,',
    ],
    payments: ['a,1,boleto,1', 'b,1,boleto,1'],
  })
  assert.deepEqual(short(replayed), [
    'b SHIPPED 01-01T09:00',
    'a CREATED 01-01T10:00',
    'b CREATED 01-01T10:00',
    'a PAID 01-01T10:00',
    'b PAID 01-01T10:00',
    'b DELIVERED 01-01T10:00',
  ])
})

test('columns by name, quotes, other columns, CRLF, a byte order mark, other widths of time', async (t) => {
  const orders = Buffer.from(
    '\ufefforder_status,"order_approved_at",extra,order_delivered_carrier_date,order_delivered_customer_date,order_id,customer_id,order_purchase_timestamp\r\n' +
      'shipped,,"a ""b"", c",2018-01-02 10:00:01,,"a",c,01/01/2018 10:00:59\r\n',
  )
  const { events } = await replay(t, { orders })
  assert.deepEqual(
    events.map(({ order_id, event_ts }) => [order_id, event_ts]),
    [
      ['a', Date.UTC(2018, 0, 1, 10, 0, 59)],
      ['a', Date.UTC(2018, 0, 2, 10, 0, 1)],
    ],
  )
})

test('rows of an order that is not there are counted', async (t) => {
  const { orphans, events } = await replay(t, { items: ['x,1,p,1,1'], payments: ['x,1,boleto,1'] })
  assert.deepEqual([orphans, events], [2, []])
})

const ORDER = 'a,c,created,1/1/2018 10:00,,,'
const BAD: readonly [string, Files, RegExp][] = [
  [
    'no purchase time',
    { orders: [ORDER, 'b,c,created,,,,'] },
    /^orders.csv:3: order_purchase_timestamp "" is not/,
  ],
  [
    'a day that is not',
    { orders: ['a,c,created,2/30/2018 1:00,,,'] },
    /^orders.csv:2: order_purchase_timestamp "2\/30\/2018 1:00" is no time that exists/,
  ],
  ['an order twice', { orders: [ORDER, ORDER] }, /^orders.csv:3: order_id a comes twice/],
  [
    'a broken centavo',
    { orders: [ORDER], items: ['a,1,p,12.345,1'] },
    /^order_items.csv:2: price "12.345" is not a whole number of centavos/,
  ],
  [
    'no freight',
    { orders: [ORDER], items: ['a,1,p,12,'] },
    /^order_items.csv:2: freight_value "" is not an amount/,
  ],
  [
    'a payment that is no number',
    { orders: [ORDER], payments: ['a,1,boleto,x'] },
    /^order_payments.csv:2: payment_value "x"/,
  ],
  [
    'no sequence',
    { orders: [ORDER], payments: ['a,,boleto,1'] },
    /^order_payments.csv:2: payment_sequential ""/,
  ],
  ['a row too short', { orders: [ORDER, 'b,c'] }, /^orders.csv:3: /],
  ['a quote left open', { orders: ['"a,c,created,1/1/2018 10:00,,,'] }, /^orders.csv:2: /],
  [
    'a missing column',
    { orders: Buffer.from('order_id\na') },
    /^orders.csv.*has no column customer_id, order_status/,
  ],
  [
    'a column twice',
    { orders: Buffer.from(`${ORDERS},order_id\n${ORDER},a`) },
    /^orders.csv.*two columns order_id/,
  ],
  ['an empty file', { orders: Buffer.alloc(0) }, /^orders.csv.*has no column order_id/],
  [
    'bytes that are not UTF-8',
    { orders: Buffer.from(`${ORDERS}\n${ORDER}\xff`, 'latin1') },
    /^orders.csv.*not valid/,
  ],
  [
    'an empty customer_id',
    { orders: ['a,,created,1/1/2018 10:00,,,'] },
    /^orders.csv:2: ORDER_CREATED of this order: field_limits, customer_id is empty/,
  ],
  [
    'a time out of range',
    { orders: ['a,c,created,1/1/1999 10:00,,,'] },
    /^orders.csv:2: .*event_ts_out_of_range/,
  ],
  [
    'too much money',
    { orders: [ORDER], items: ['a,1,p,10000000000.01,0'] },
    /^orders.csv:2: .*invalid_amount/,
  ],
]
for (const [name, files, message] of BAD)
  test(`refused: ${name}`, async (t) => {
    await assert.rejects(replay(t, files), (error) => {
      assert.ok(error instanceof TerminalError)
      assert.equal(error.code, 'BAD_INPUT')
      assert.match(error.message, message)
      return true
    })
  })

test('refused: a file that is not there', async () => {
  await assert.rejects(readOlistFiles('/nowhere'), {
    code: 'BAD_INPUT',
    message: /^orders.csv.*ENOENT/,
  })
})
