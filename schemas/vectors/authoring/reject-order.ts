import type { Reason } from '../../src/reasons.ts'
import type { OrderEvent } from '../../src/event.ts'
import { bodyOf, payloadHex, string, utf8, varint, type Overrides } from './avro.ts'
import { created, item, paid, t, updated } from './events.ts'
import { rejected, vector, type Placing } from './steps.ts'

const RULE = 'Malformed: the checks run in this order, the first failure is the reason.'

/** The reason given before another that holds as well. */
const before = (first: Reason, then: string, event: OrderEvent, placing: Placing) =>
  vector(`${first} before ${then}`, RULE, rejected(first, event, placing))

const TOO_LARGE = varint(2n ** 53n)
const BAD_TEXT = string(Buffer.from('ff', 'hex'))
const LONG = 'x'.repeat(1_025)

const pay = paid(1, t(0))
const payBody = (overrides: Overrides) => bodyOf(pay, overrides)
const elsewhere: Placing = { key: { utf8: 'o-2' } }

/** Each reason against the next one, and against some further on. */
export const orderVectors = [
  before('null_value', 'key_mismatch', pay, { value: null, key: null, note: 'nothing at all' }),
  before('framing', 'unknown_schema_id', pay, {
    value: { bytes: `010a0b0c0d${payBody({})}` },
    note: 'magic 01, an unknown id, a good body',
  }),
  before('unknown_schema_id', 'not_decodable', pay, {
    schemaId: 'unknown',
    avro: '48',
    note: 'an unknown id and one byte of body',
  }),
  before('unknown_schema_id', 'key_mismatch', pay, { schemaId: 'unknown', ...elsewhere }),

  before('not_decodable', 'trailing_bytes', pay, {
    avro: `${payBody({ event_type: varint(8) })}0000`,
    note: 'event_type 8, and two bytes more than a record',
  }),
  before('not_decodable', 'invalid_utf8', pay, {
    avro: payBody({ event_id: BAD_TEXT, schema_version: '' }),
    note: 'event_id: ff; the last byte is missing',
  }),
  before('not_decodable', 'number_out_of_range', pay, {
    avro: payBody({ event_ts: TOO_LARGE, schema_version: '' }),
    note: 'event_ts 2^53; the last byte is missing',
  }),
  before('not_decodable', 'number_out_of_range, of a number before it', pay, {
    overrides: { event_ts: TOO_LARGE, method: varint(-4) },
    note: 'event_ts 2^53; a string of length -4 after it',
  }),
  before('not_decodable', 'field_limits and key_mismatch', pay, {
    ...elsewhere,
    avro: payBody({ event_id: utf8('1'), schema_version: '' }),
    note: 'event_id "1"; another key; the last byte is missing',
  }),

  before('trailing_bytes', 'invalid_utf8', pay, {
    avro: `${payBody({ event_id: BAD_TEXT })}00`,
    note: 'event_id: ff; a byte too many',
  }),
  before('trailing_bytes', 'number_out_of_range', pay, {
    avro: `${payBody({ amount: TOO_LARGE })}00`,
    note: 'amount 2^53; a byte too many',
  }),
  before('trailing_bytes', 'field_limits', pay, {
    avro: `${payBody({ event_id: utf8('1') })}00`,
    note: 'event_id "1"; a byte too many',
  }),
  before('trailing_bytes', 'type_mismatch', pay, {
    avro: `${payBody({ payload: varint(0) })}00`,
    note: 'payload null; a byte too many',
  }),

  before('invalid_utf8', 'number_out_of_range, of a number before it', pay, {
    overrides: { event_ts: TOO_LARGE, method: BAD_TEXT },
    note: 'event_ts 2^53; method: ff',
  }),
  before('invalid_utf8', 'number_out_of_range, of a number after it', pay, {
    overrides: { event_id: BAD_TEXT, amount: TOO_LARGE },
    note: 'event_id: ff; amount 2^53',
  }),
  before('invalid_utf8', 'field_limits', pay, {
    overrides: { event_id: BAD_TEXT, payment_id: utf8('') },
    note: 'event_id: ff; payment_id empty',
  }),
  before('invalid_utf8', 'key_mismatch', pay, {
    ...elsewhere,
    overrides: { order_id: string(Buffer.from('6f2d31ff', 'hex')) },
    note: 'order_id: o-1 and ff; key o-2',
  }),

  before('number_out_of_range', 'field_limits', pay, {
    overrides: { event_id: utf8('1'), amount: TOO_LARGE },
    note: 'event_id "1"; amount 2^53',
  }),
  before('number_out_of_range', 'key_mismatch', pay, {
    ...elsewhere,
    overrides: { schema_version: varint(2n ** 31n) },
    note: 'schema_version 2^31; key o-2',
  }),
  before('number_out_of_range', 'type_mismatch', pay, {
    overrides: { event_type: varint(4), amount: TOO_LARGE },
    note: 'event_type ORDER_SHIPPED with OrderPaid, amount 2^53',
  }),
  before('number_out_of_range', 'event_ts_out_of_range', pay, {
    overrides: { event_ts: varint(-(2n ** 53n)) },
    note: 'event_ts -2^53',
  }),

  before('field_limits', 'key_mismatch', paid('not-a-uuid', t(0)), elsewhere),
  before('field_limits', 'partition_mismatch', paid(1, t(0), { payment_id: '' }), { partition: 0 }),
  before('field_limits', 'type_mismatch', pay, {
    overrides: { event_type: varint(4), payment_id: utf8('') },
    note: 'event_type ORDER_SHIPPED with OrderPaid, payment_id empty',
  }),
  before('field_limits', 'type_mismatch, of a type unknown', pay, {
    overrides: { event_type: varint(0), method: utf8(LONG) },
    note: 'event_type UNKNOWN with OrderPaid, method of 1,025 times x',
  }),
  before('field_limits', 'type_mismatch, of a missing payload', pay, {
    overrides: { event_id: utf8('1'), payload: varint(0) },
    note: 'event_id "1", payload null',
  }),
  before(
    'field_limits',
    'invalid_currency',
    created(1, t(0), { currency: 'eur', customer_id: '' }),
    {},
  ),
  before('field_limits', 'invalid_quantity', updated(1, t(0), { items: [item('', 0, 1)] }), {}),
  before('field_limits', 'invalid_amount', paid(1, t(0), { payment_id: '', amount: -1 }), {}),
  before('field_limits', 'event_ts_out_of_range', paid('not-a-uuid', 0), {}),

  before('key_mismatch', 'partition_mismatch', pay, { ...elsewhere, partition: 0 }),
  before('key_mismatch', 'type_mismatch', pay, {
    ...elsewhere,
    overrides: { payload: varint(0) },
    note: 'payload null; key o-2',
  }),
  before('key_mismatch', 'invalid_amount', paid(1, t(0), { amount: -1 }), { key: null }),

  before('partition_mismatch', 'type_mismatch', pay, {
    partition: 0,
    overrides: { event_type: varint(4) },
    note: 'event_type ORDER_SHIPPED with OrderPaid, on another partition',
  }),
  before('partition_mismatch', 'event_ts_out_of_range', paid(1, 0), { partition: 0 }),

  before('type_mismatch', 'invalid_currency', pay, {
    overrides: { payload: payloadHex(created(1, t(0), { currency: 'eur' })) },
    note: 'event_type ORDER_PAID with OrderCreated of currency eur',
  }),
  before('type_mismatch', 'invalid_quantity', pay, {
    overrides: { payload: payloadHex(updated(1, t(0), { items: [item('a', 0, 1)] })) },
    note: 'event_type ORDER_PAID with OrderUpdated of quantity 0',
  }),
  before('type_mismatch', 'invalid_amount', pay, {
    overrides: { event_type: varint(7), amount: varint(-1) },
    note: 'event_type ORDER_REFUNDED with OrderPaid of amount -1',
  }),
  before('type_mismatch', 'event_ts_out_of_range', pay, {
    overrides: { event_type: varint(0), event_ts: varint(0) },
    note: 'event_type UNKNOWN at the epoch',
  }),

  before(
    'invalid_currency',
    'invalid_quantity',
    created(1, t(0), { currency: 'eur', items: [item('a', 0, 1)] }),
    {},
  ),
  before(
    'invalid_currency',
    'invalid_amount',
    created(1, t(0), { currency: 'eur', shipping_amount: -1 }),
    {},
  ),
  before('invalid_currency', 'event_ts_out_of_range', created(1, 0, { currency: 'eur' }), {}),

  before(
    'invalid_quantity',
    'invalid_amount, of an item before it',
    updated(1, t(0), { items: [item('a', 1, -1), item('b', 0, 1)] }),
    {},
  ),
  before(
    'invalid_quantity',
    'invalid_amount, of the shipping',
    created(1, t(0), { items: [item('a', 0, 1)], shipping_amount: -1 }),
    {},
  ),
  before(
    'invalid_quantity',
    'event_ts_out_of_range',
    updated(1, 0, { items: [item('a', 0, 1)] }),
    {},
  ),

  before('invalid_amount', 'event_ts_out_of_range', paid(1, 0, { amount: -1 }), {}),
]
