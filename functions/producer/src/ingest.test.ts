import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  EVENT_TYPES,
  MAX_AMOUNT,
  MAX_EVENT_TS,
  MAX_QUANTITY,
  MIN_EVENT_TS,
  decodeRaw,
  encodeEvent,
  partitionOf,
  type OrderEvent,
} from '@order-up/schemas'
import fc from 'fast-check'
import { sortEvents } from './ingest.ts'

const EVENT = {
  event_id: '5f0c6f0e-8a55-4b8e-9d0a-0d6f4b1f7a11',
  event_type: 'ORDER_CREATED',
  event_ts: Date.UTC(2026, 0, 1),
  order_id: 'order-1',
  payload: {
    customer_id: 'customer-1',
    currency: 'EUR',
    items: [{ sku: 'sku-1', quantity: 2, unit_amount: 1999 }],
    shipping_amount: 495,
  },
}

/** Every field within its type, and often at or beyond its limit. */
const near = (min: number, max: number) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min, max }) },
    fc.constantFrom(min - 1, min, max, max + 1),
  )
const text = fc.oneof(
  { weight: 30, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }) },
  fc.constantFrom('', 'x'.repeat(1_024), 'x'.repeat(1_025), 'é'.repeat(512), 'é'.repeat(513)),
)
const amount = near(0, MAX_AMOUNT)
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary)
const item = fc.record({ sku: text, quantity: near(1, MAX_QUANTITY), unit_amount: amount })
const items = fc.array(item, { maxLength: 4 })
const PAYLOADS = {
  ORDER_CREATED: fc.record({
    customer_id: text,
    currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'JPY', 'eur', 'EURO', ''),
    items,
    shipping_amount: amount,
  }),
  ORDER_UPDATED: fc.record({
    customer_id: optional(text),
    items: optional(items),
    shipping_amount: optional(amount),
  }),
  ORDER_PAID: fc.record({ payment_id: text, amount, method: text }),
  ORDER_SHIPPED: fc.record({ carrier: optional(text), tracking_number: optional(text) }),
  ORDER_DELIVERED: fc.record({ signed_by: optional(text) }),
  ORDER_CANCELLED: fc.record({ reason: text }),
  ORDER_REFUNDED: fc.record({ refund_id: text, amount, reason: optional(text) }),
}
const anyEvent = fc
  .constantFrom(...EVENT_TYPES)
  .chain((event_type) =>
    fc.record({
      event_id: fc.oneof(
        { weight: 9, arbitrary: fc.uuid() },
        fc.uuid().map((id) => id.toUpperCase()),
        text,
      ),
      event_type: fc.constant(event_type),
      event_ts: near(MIN_EVENT_TS, MAX_EVENT_TS),
      order_id: text,
      payload: PAYLOADS[event_type] as fc.Arbitrary<unknown>,
      schema_version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    }),
  )
  .map((event) => event as OrderEvent)

test('an event is accepted or refused here exactly as an engine would its record', () => {
  const seen = { event: 0, rejected: 0 }
  fc.assert(
    fc.property(anyEvent, (event) => {
      const key = Buffer.from(event.order_id)
      const record = { key, value: encodeEvent(event, 1), partition: partitionOf(key, 4) }
      const engine = decodeRaw(record, new Map([[1, 1]]), 4)

      const { valid, rejected } = sortEvents([JSON.parse(JSON.stringify(event))])

      assert.ok(engine.kind !== 'newer_schema')
      seen[engine.kind] += 1
      if (engine.kind === 'event') assert.deepEqual(valid, [{ index: 0, event: engine.event }])
      else {
        assert.equal(rejected[0]?.reason, engine.reason)
        assert.equal(valid.length, 0)
      }
    }),
    { numRuns: 2_000 },
  )
  assert.ok(seen.event > 300 && seen.rejected > 300, JSON.stringify(seen))
})

test('what may be null may be left out; schema_version is 1', () => {
  const base = { ...EVENT, schema_version: undefined }
  const { valid } = sortEvents([
    JSON.parse(JSON.stringify({ ...base, event_type: 'ORDER_UPDATED', payload: {} })),
    { ...EVENT, event_type: 'ORDER_SHIPPED', payload: { carrier: 'DHL' } },
  ])
  assert.deepEqual(
    valid.map(({ event }) => [event.payload, event.schema_version]),
    [
      [{ customer_id: null, items: null, shipping_amount: null }, 1],
      [{ carrier: 'DHL', tracking_number: null }, 1],
    ],
  )
})

const created = (change: object) => ({ ...EVENT, payload: { ...EVENT.payload, ...change } })
const REFUSED: readonly [string, unknown, string, RegExp][] = [
  ['no object', 5, 'invalid_shape', /event: .*object/],
  ['an unknown type', { ...EVENT, event_type: 'ORDER_EATEN' }, 'invalid_shape', /event_type/],
  ['the type UNKNOWN', { ...EVENT, event_type: 'UNKNOWN' }, 'invalid_shape', /event_type/],
  ['no event_id', { ...EVENT, event_id: undefined }, 'invalid_shape', /event_id/],
  ['no payload', { ...EVENT, payload: null }, 'invalid_shape', /payload/],
  [
    'the payload of another type',
    { ...EVENT, event_type: 'ORDER_PAID' },
    'invalid_shape',
    /payload/,
  ],
  ['an unknown field', { ...EVENT, extra: 1 }, 'invalid_shape', /"extra"/],
  ['an unknown field of the payload', created({ tax: 1 }), 'invalid_shape', /"tax"/],
  ['a field named __proto__', JSON.parse('{"__proto__":1}'), 'invalid_shape', /event_type/],
  ['a number as text', created({ shipping_amount: '495' }), 'invalid_shape', /shipping_amount/],
  ['a broken number', created({ shipping_amount: 4.95 }), 'invalid_shape', /shipping_amount/],
  ['an unsafe integer', { ...EVENT, event_ts: 2 ** 53 }, 'number_out_of_range', /event_ts/],
  [
    'an int beyond 32 bits',
    created({ items: [{ sku: 's', quantity: 2 ** 31, unit_amount: 1 }] }),
    'number_out_of_range',
    /items.0.quantity/,
  ],
  ['schema_version 0', { ...EVENT, schema_version: 0 }, 'number_out_of_range', /schema_version/],
  ['a lone surrogate', { ...EVENT, order_id: 'a\ud800' }, 'invalid_utf8', /order_id/],
  ['a lone surrogate within', created({ customer_id: '\udc00' }), 'invalid_utf8', /customer_id/],
  [
    'a lone surrogate and an unsafe integer', // the contract's order
    { ...EVENT, order_id: '\ud800', event_ts: -(2 ** 53) },
    'invalid_utf8',
    /order_id/,
  ],
  [
    'upper case in event_id',
    { ...EVENT, event_id: EVENT.event_id.toUpperCase() },
    'field_limits',
    /UUID/,
  ],
]
for (const [name, candidate, reason, detail] of REFUSED) {
  test(`refused: ${name}`, () => {
    const { valid, rejected } = sortEvents([candidate])
    assert.deepEqual(valid, [])
    assert.equal(rejected[0]?.reason, reason)
    assert.match(rejected[0].detail, detail)
  })
}

test('good and bad keep their places, and an event_id is repeated only where it is short', () => {
  const { valid, rejected } = sortEvents([
    { event_id: 'x'.repeat(100) },
    EVENT,
    { event_id: 'a\ud800' },
    EVENT,
  ])
  assert.deepEqual(
    valid.map(({ index }) => index),
    [1, 3],
  )
  assert.deepEqual(
    rejected.map(({ index, event_id }) => [index, event_id]),
    [
      [0, undefined],
      [2, 'a\ufffd'],
    ],
  )
})

test('what is said of a hostile event stays short', () => {
  const hostile = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field${i}`, i]))
  const { rejected } = sortEvents([{ ...EVENT, ...hostile }])
  assert.ok(rejected[0]!.detail.length <= 500)
})
