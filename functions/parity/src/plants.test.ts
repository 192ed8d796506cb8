import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCurated, type CuratedOrder } from '@order-up/schemas'
import { deadLetterContent } from './dead-letter.ts'
import { Held } from './lane.ts'
import { plantFaults, sampleOf, storedSample, type Sample } from './plants.ts'

const NAMES = ['flink-1', 'node-1'] as const
const IDS = new Map([[2, 1]])

const row = (n: number): CuratedOrder => ({
  order_id: `o-${n}`,
  status: 'CREATED',
  customer_id: null,
  currency: null,
  item_count: null,
  items_amount: null,
  shipping_amount: null,
  total_amount: null,
  paid_amount: n % 2,
  refunded_amount: 0,
  created_at: 1,
  paid_at: null,
  shipped_at: null,
  delivered_at: null,
  cancelled_at: null,
  refunded_at: null,
  first_event_ts: 1,
  last_event_ts: 1,
  version: 1,
  last_event_id: 'e',
  schema_version: 1,
})
const whole = (buf: Buffer) => ({ buf, start: 0, length: buf.length })
const sample = (partition: number, offset: number, content: Buffer): Sample => ({
  partition,
  offset,
  record: Held.of(whole(Buffer.from(`o-${offset}`)), whole(content)),
})
const rows = Array.from({ length: 12 }, (_, n) => sample(n % 3, n, encodeCurated(row(n), 2)))
const letter = sample(1, 40, deadLetterContent(null, [['dlq-reason', Buffer.from('null_value')]]))

for (const [what, letters] of [
  ['dead letters that were seen', [letter]],
  ['dead letters that are made up', []],
] as const)
  test(`every fault is reported as what it is, in rows and in ${what}`, () => {
    for (const some of [rows, rows.slice(0, 1)]) {
      const planted = plantFaults({ row: some, 'dead letter': letters }, NAMES, IDS)
      assert.equal(planted.length, 16)
      assert.deepEqual(
        planted.filter(({ caught }) => !caught),
        [],
      )
    }
  })

test('a comparison that cannot name the field has not caught it', () => {
  // no id of the subject is known: rows cannot be read
  const planted = plantFaults({ row: rows, 'dead letter': [letter] }, NAMES, new Map())
  assert.deepEqual(
    planted.filter(({ caught }) => !caught).map(({ fault }) => fault),
    ['a row with another paid_amount of flink-1', 'a row with another paid_amount of node-1'],
  )
})

test('where nothing was read nothing can be planted', () => {
  assert.deepEqual(plantFaults({ row: [], 'dead letter': [letter] }, NAMES, IDS), [])
})

test('a sample can be put away and taken out again', () => {
  const nothing = { buf: Buffer.alloc(0), start: 0, length: -1 }
  for (const one of [rows[0]!, { ...rows[0]!, record: Held.of(nothing, nothing) }]) {
    const again = sampleOf(storedSample(one))
    assert.deepEqual(
      [again.partition, again.offset, again.record.key, again.record.content],
      [one.partition, one.offset, one.record.key, one.record.content],
    )
  }
})
