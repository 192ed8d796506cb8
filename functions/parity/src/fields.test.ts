import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCurated, type CuratedOrder } from '@order-up/schemas'
import { deadLetterContent, deadLetterFields, readDeadLetter } from './dead-letter.ts'
import { Held } from './lane.ts'
import { rowFields } from './row-fields.ts'

const IDS = new Map([
  [2, 1],
  [5, 1],
])
const ROW: CuratedOrder = {
  order_id: 'o-1',
  status: 'PAID',
  customer_id: 'c',
  currency: 'EUR',
  item_count: 1,
  items_amount: 5,
  shipping_amount: 1,
  total_amount: 6,
  paid_amount: 6,
  refunded_amount: 0,
  created_at: 1,
  paid_at: 2,
  shipped_at: null,
  delivered_at: null,
  cancelled_at: null,
  refunded_at: null,
  first_event_ts: 1,
  last_event_ts: 2,
  version: 2,
  last_event_id: 'e',
  schema_version: 1,
}
const whole = (buf: Buffer) => ({ buf, start: 0, length: buf.length })
const held = (content: Buffer, key = 'o-1') => Held.of(whole(Buffer.from(key)), whole(content))
const rowOf = (change: Partial<CuratedOrder> = {}, id = 2) =>
  held(encodeCurated({ ...ROW, ...change }, id))

test('every field that differs is named, with both values, and the key', () => {
  assert.deepEqual(rowFields(rowOf(), rowOf({ status: 'SHIPPED', shipped_at: 3 }), IDS), {
    status: ['PAID', 'SHIPPED'],
    shipped_at: [null, 3],
  })
  const row = encodeCurated(ROW, 2)
  assert.deepEqual(rowFields(held(row), held(row, 'o-2'), IDS), { key: ['o-1', 'o-2'] })
})

test('rows of two schemas are compared as they are read', () => {
  assert.deepEqual(rowFields(rowOf({}, 2), rowOf({ schema_version: 2 }, 5), IDS), {})
  assert.deepEqual(rowFields(rowOf({}, 2), rowOf({ version: 3 }, 5), IDS), { version: [2, 3] })
})

test('what is no row differs as a whole; the same fields in other bytes differ too', () => {
  const good = encodeCurated(ROW, 2)
  const bad = good.subarray(0, 20)
  assert.deepEqual(rowFields(held(good), held(bad), IDS), {
    value: [good.toString('hex'), bad.toString('hex')],
  })
  // the last number, 1, in two bytes where one does
  const long = Buffer.concat([good.subarray(0, -1), Buffer.from([0x82, 0x00])])
  assert.deepEqual(Object.keys(rowFields(held(good), held(long), IDS)), ['encoding'])
})

const reason = ['dlq-reason', Buffer.from('framing')] as const
const letter = (value: Buffer | null, headers: Parameters<typeof deadLetterContent>[1]) =>
  held(deadLetterContent(value, headers))

test('of a dead letter the detail, the engine and the order of different headers do not matter', () => {
  const a = letter(null, [
    reason,
    ['a', null],
    ['dlq-detail', Buffer.from('x')],
    ['a', Buffer.from('1')],
  ])
  const b = letter(null, [
    ['a', null],
    ['a', Buffer.from('1')],
    reason,
    ['dlq-engine', Buffer.from('y')],
  ])
  assert.deepEqual(a.content, b.content)
  assert.deepEqual(readDeadLetter(a.content!), {
    value: null,
    headers: [['a', null], ['a', Buffer.from('1')], [...reason]],
  })
})

test('what differs in dead letters is named: also beyond what is shown of it', () => {
  const long = (end: string) => Buffer.from('x'.repeat(1_000) + end)
  const a = letter(Buffer.from([1]), [reason, ['a', long('1')], ['b', null]])
  const b = letter(null, [reason, ['a', long('2')], ['b', null], ['b', null]])
  const fields = deadLetterFields(a, b)
  assert.deepEqual(Object.keys(fields), ['value', 'a', 'b'])
  assert.deepEqual(
    [fields['value'], fields['b']],
    [
      ['01', null],
      ['(null)', '(null), (null)'],
    ],
  )
})
