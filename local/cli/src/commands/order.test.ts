import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TopicRecord } from '@order-up/kit'
import { encodeEvent, partitionOf, type OrderEvent } from '@order-up/schemas'
import { lifeText, tellLife } from './order.ts'

const KEY = Buffer.from('o1')
const [ID, PARTITIONS] = [1, 4]
const T = Date.UTC(2024, 0)
const PARTITION = partitionOf(KEY, PARTITIONS)

function record(offset: number, value: Buffer | null): TopicRecord {
  return { partition: PARTITION, offset, timestamp: 0, key: KEY, value, headers: {} }
}

const paid = (offset: number, n: number): TopicRecord => {
  const event: OrderEvent = {
    event_id: `00000000-0000-4000-8000-00000000000${n}`,
    event_type: 'ORDER_PAID',
    event_ts: T + n,
    order_id: 'o1',
    payload: { payment_id: 'p', amount: 5, method: 'card' },
    schema_version: 1,
  }
  return record(offset, encodeEvent(event, ID))
}

const log = [paid(3, 1), paid(7, 1), record(8, null), paid(9, 2)]
const events = tellLife(log, new Map([[ID, 1]]), PARTITIONS)

test('each record of an order is told with what it was, and the row after it', () => {
  assert.deepEqual(
    events.map(({ offset, outcome, row }) => [offset, outcome, row?.version, row?.paid_amount]),
    [
      [3, 'applied', 1, 5],
      [7, 'duplicate', undefined, undefined],
      [8, 'null_value', undefined, undefined],
      [9, 'applied', 2, 10],
    ],
  )
})

test('a record newer than this code is said to be that', () => {
  const [event] = tellLife([paid(0, 1)], new Map([[ID, 2]]), PARTITIONS)
  assert.equal(event?.outcome, 'of schema version 2, newer than this code')
})

test('a life as text: what is not there yet is said', () => {
  const [first, ...rest] = events
  const curated = [{ offset: 12, engine: 'node-1' }]
  const warehouse = { order_id: 'o1', version: 2, currency: null }
  const text = lifeText({ order_id: 'o1', events: [{ ...first!, curated }, ...rest], warehouse })
  assert.equal(
    text,
    `Order o1

raw  outcome     event       event time                version  status  total  paid  curated
${PARTITION}-3  applied     ORDER_PAID  2024-01-01T00:00:00.001Z        1  PAID        -     5  ${PARTITION}-12 node-1
${PARTITION}-7  duplicate   ORDER_PAID  2024-01-01T00:00:00.001Z        -  -           -     -  -
${PARTITION}-8  null_value  -           -                               -  -           -     -  -
${PARTITION}-9  applied     ORDER_PAID  2024-01-01T00:00:00.002Z        2  PAID        -    10  not yet

In the warehouse:
  order_id  o1
  version   2`,
  )
  assert.match(lifeText({ order_id: 'o1', events, warehouse: null }), /has no row of it \(yet\)$/)
})
