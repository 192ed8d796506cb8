import type { Reason } from '../../src/reasons.ts'
import type { Item, OrderEvent } from '../../src/event.ts'
import { payloadHex, varint } from './avro.ts'
import {
  cancelled,
  created,
  delivered,
  id,
  item,
  paid,
  refunded,
  shipped,
  t,
  updated,
} from './events.ts'
import { rejected, vector, type Placing } from './steps.ts'

const TRILLION = 1_000_000_000_000

const one =
  (reason: Reason, rule: string) =>
  (name: string, event: OrderEvent, placing: Placing = {}) =>
    vector(name, rule, rejected(reason, event, placing))

const limits = one(
  'field_limits',
  'Malformed: an empty order_id, customer_id, payment_id, refund_id or sku, event_id not a lower-case UUID, a string over 1,024 bytes, more than 10,000 items.',
)
const key = one('key_mismatch', 'Malformed: key is not order_id.')
const partition = one('partition_mismatch', 'Malformed: partition is not murmur2(key) mod n.')
const type = one('type_mismatch', 'Malformed: type UNKNOWN or not that of the payload.')
const currency = one('invalid_currency', 'Malformed: currency not three capitals.')
const quantity = one(
  'invalid_quantity',
  'Malformed: quantity outside 1...10^6, their sum over 2^31-1.',
)
const amount = one(
  'invalid_amount',
  "Malformed: negative amount, or any amount or an event's item total over 10^12.",
)
const time = one('event_ts_out_of_range', 'Malformed: event_ts outside the years 2000-2099.')

const items = (...list: Item[]) => updated(1, t(0), { items: list })
const copies = (n: number, of: Item) => Array.from({ length: n }, () => of)

const empties = [
  limits('an empty order_id', paid(1, t(0), {}, '')),
  limits('an empty customer_id', created(1, t(0), { customer_id: '' })),
  limits('an empty customer_id in an update', updated(1, t(0), { customer_id: '' })),
  limits('an empty payment_id', paid(1, t(0), { payment_id: '' })),
  limits('an empty refund_id', refunded(1, t(0), { refund_id: '' })),
  limits('an empty sku', created(1, t(0), { items: [item('a', 1, 1), item('', 1, 1)] })),
  limits('an empty sku in an update', items(item('', 1, 1))),
]

const IDS = [
  ['empty', ''],
  ['in capitals', '0A1B2C3D-4E5F-4A6B-8C7D-0123456789AB'],
  ['with one capital', '0a1b2c3d-4e5f-4a6b-8c7d-0123456789aB'],
  ['without dashes', '0a1b2c3d4e5f4a6b8c7d0123456789ab'],
  ['with a dash in the wrong place', '0a1b2c3d4-e5f-4a6b-8c7d-0123456789ab'],
  ['in braces', '{0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab}'],
  ['a digit short', '0a1b2c3d-4e5f-4a6b-8c7d-0123456789a'],
  ['a digit too long', '0a1b2c3d-4e5f-4a6b-8c7d-0123456789abc'],
  ['with a letter that is no digit', '0a1b2c3d-4e5f-4a6b-8c7d-0123456789ag'],
  ['with a line feed after it', '0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab\n'],
  ['with a line feed for its last digit', '0a1b2c3d-4e5f-4a6b-8c7d-0123456789a\n'],
  ['with a digit of another script', '0a1b2c3d-4e5f-4a6b-8c7d-0123456789a\u0663'],
  ['of 36 blanks', ' '.repeat(36)],
] as const
const ids = IDS.map(([what, eventId]) => limits(`an event_id ${what}`, paid(eventId, t(0))))

const long = 'x'.repeat(1_025)
const lengths = [
  limits('an order_id of 1,025 bytes', paid(1, t(0), {}, long)),
  limits('a customer_id of 1,025 bytes', created(1, t(0), { customer_id: long })),
  limits('a customer_id of 1,025 bytes in an update', updated(1, t(0), { customer_id: long })),
  limits(
    'a customer_id of 1,025 bytes in 513 characters',
    updated(1, t(0), { customer_id: `${'\u00e9'.repeat(512)}x` }),
  ),
  limits(
    'a customer_id of 1,026 bytes in 342 characters',
    updated(1, t(0), { customer_id: '\u20ac'.repeat(342) }),
  ),
  limits(
    'a customer_id of 1,025 bytes in 257 characters outside the basic plane and one inside',
    updated(1, t(0), { customer_id: `${'\u{1f4e6}'.repeat(256)}x` }),
  ),
  limits('a currency of 1,025 bytes', created(1, t(0), { currency: 'X'.repeat(1_025) })),
  limits('a sku of 1,025 bytes', items(item(long, 1, 1))),
  limits('a payment_id of 1,025 bytes', paid(1, t(0), { payment_id: long })),
  limits('a method of 1,025 bytes', paid(1, t(0), { method: long })),
  limits('a carrier of 1,025 bytes', shipped(1, t(0), { carrier: long })),
  limits('a tracking_number of 1,025 bytes', shipped(1, t(0), { tracking_number: long })),
  limits('a signed_by of 1,025 bytes', delivered(1, t(0), { signed_by: long })),
  limits('a reason to cancel of 1,025 bytes', cancelled(1, t(0), { reason: long })),
  limits('a refund_id of 1,025 bytes', refunded(1, t(0), { refund_id: long })),
  limits('a reason to refund of 1,025 bytes', refunded(1, t(0), { reason: long })),
  limits('10,001 items', created(1, t(0), { items: copies(10_001, item('a', 1, 3)) }), {
    note: 'ORDER_CREATED with 10,001 times {sku "a", quantity 1, unit_amount 3}',
  }),
  limits('10,001 items in an update', items(...copies(10_001, item('a', 1, 3))), {
    note: 'ORDER_UPDATED with 10,001 times {sku "a", quantity 1, unit_amount 3}',
  }),
]

const order = (order_id: string) => paid(1, t(0), {}, order_id)
const keys = [
  key('a null key', order('o-1'), { key: null }),
  key('an empty key', order('o-1'), { key: { hex: '' } }),
  key('the key of another order', order('o-1'), { key: { utf8: 'o-2' } }),
  key('a key that goes on', order('o-1'), { key: { utf8: 'o-10' } }),
  key('a key that stops short', order('o-10'), { key: { utf8: 'o-1' } }),
  key('a key in capitals', order('o-1'), { key: { utf8: 'O-1' } }),
  key('a key with a NUL after it', order('o-1'), { key: { hex: '6f2d3100' } }),
  key('a key in quotes', order('o-1'), { key: { utf8: '"o-1"' } }),
  key('a key of the same letters, composed', order('e\u0301'), { key: { utf8: '\u00e9' } }),
  key('a key in Latin-1', order('\u00e9'), { key: { hex: 'e9' } }),
  key('a key that only a lenient decoder takes for the order_id', order('\ufffd'), {
    key: { hex: 'ff' },
  }),
  key('a key with a byte order mark', order('o-1'), { key: { utf8: '\ufeffo-1' } }),
  key('the event_id as key', order('o-1'), { key: { utf8: id(1) } }),
]

// murmur2("foobar") is -790332482; with the sign bit cleared 1357151166, which of 3 partitions lies on 0, of 12 on 6.
const partitions = [
  partition('the next partition', order('o-1'), { partition: 0 }),
  partition('the partition of another count', order('foobar'), { partition: 2, partitions: 3 }),
  partition('the partition of the absolute hash', order('foobar'), {
    partition: 2,
    partitions: 12,
  }),
  partition('another partition of 100', order('o-1'), { partition: 99, partitions: 100 }),
]

const typeHex = (n: number) => ({ event_type: varint(n) })
const types = [
  type('type UNKNOWN and no payload', paid(1, t(0)), {
    overrides: { ...typeHex(0), payload: varint(0) },
    note: 'event_type UNKNOWN, payload null',
  }),
  type('type UNKNOWN and a payload', paid(1, t(0)), {
    overrides: typeHex(0),
    note: 'event_type UNKNOWN, payload OrderPaid',
  }),
  type('a type without a payload', paid(1, t(0)), {
    overrides: { payload: varint(0) },
    note: 'event_type ORDER_PAID, payload null',
  }),
  type('the payload of the type before', paid(1, t(0)), {
    overrides: { payload: payloadHex(updated(1, t(0))) },
    note: 'event_type ORDER_PAID, payload OrderUpdated',
  }),
  type('the payload of the type after', paid(1, t(0)), {
    overrides: { payload: payloadHex(shipped(1, t(0))) },
    note: 'event_type ORDER_PAID, payload OrderShipped',
  }),
  type('ORDER_CANCELLED with a refund', cancelled(1, t(0)), {
    overrides: { payload: payloadHex(refunded(1, t(0))) },
    note: 'event_type ORDER_CANCELLED, payload OrderRefunded',
  }),
]

const CURRENCIES = [
  '',
  'eur',
  'Eur',
  'EU',
  'EURO',
  'EU1',
  ' EUR',
  'EUR\n',
  'EU\n',
  '\u00c4UR',
  '\uff25\uff35\uff32',
  '\u20ac',
]
const currencies = CURRENCIES.map((code) =>
  currency(`the currency ${JSON.stringify(code)}`, created(1, t(0), { currency: code })),
)

const quantities = [
  quantity('a quantity of 0', items(item('a', 0, 1))),
  quantity('a negative quantity', items(item('a', 1, 1), item('b', -1, 1))),
  quantity('a quantity of 10^6+1', items(item('a', 1_000_001, 0))),
  quantity('a quantity of 0 in a new order', created(1, t(0), { items: [item('a', 0, 1)] })),
  quantity(
    'quantities of 2^31 in all',
    items(...copies(2_147, item('a', 1_000_000, 0)), item('a', 483_648, 0)),
    { note: 'ORDER_UPDATED with 2,147 items of quantity 10^6, and one of 483,648' },
  ),
  quantity(
    'quantities of 2^32+1 in all, which 32 bits take for 1',
    items(...copies(4_294, item('a', 1_000_000, 0)), item('a', 967_297, 0)),
    { note: 'ORDER_UPDATED with 4,294 items of quantity 10^6, and one of 967,297' },
  ),
]

const BOUNDS = [
  ['-1', -1],
  ['10^12+1', TRILLION + 1],
  ['-(2^52)', -(2 ** 52)],
] as const
const amounts = [
  ...BOUNDS.flatMap(([what, n]) => [
    amount(`a payment of ${what}`, paid(1, t(0), { amount: n })),
    amount(`a refund of ${what}`, refunded(1, t(0), { amount: n })),
    amount(`shipping of ${what}`, created(1, t(0), { shipping_amount: n })),
    amount(`shipping of ${what} in an update`, updated(1, t(0), { shipping_amount: n })),
    amount(`a unit_amount of ${what}`, items(item('a', 1, n))),
    amount(
      `a unit_amount of ${what} in a new order`,
      created(1, t(0), { items: [item('a', 1, n)] }),
    ),
  ]),
  amount('items of 10^12+1 in all', items(item('a', 1_000_000, 1_000_000), item('b', 1, 1))),
  amount('one item of 10^12+10^6', items(item('a', 1_000_000, 1_000_001))),
  amount('one item of 10^18', items(item('a', 1_000_000, TRILLION))),
  amount(
    'items of 10^19, which 64 bits take for a negative sum',
    items(...copies(10, item('a', 1_000_000, TRILLION))),
  ),
  amount(
    'items of 2^64, which 64 bits take for 0',
    items(...copies(4, item('a', 1, 1)), ...wrapping()),
  ),
  amount(
    'a negative unit_amount that others make up for',
    items(item('a', 1, 10), item('b', 1, -1)),
  ),
]

/** Items that add up to 2^64 - 4: 18 of 10^18, and the rest in parts that each keep the bounds. */
function wrapping(): Item[] {
  const rest = 2n ** 64n - 4n - 18n * 10n ** 18n
  const [large, small] = [rest / 10n ** 6n, rest % 10n ** 6n]
  return [
    ...copies(18, item('a', 1_000_000, TRILLION)),
    item('b', 1_000_000, Number(large)),
    item('c', 1, Number(small)),
  ]
}

const times = [
  time('the last millisecond of 1999', paid(1, 946_684_799_999)),
  time('the first millisecond of 2100', paid(1, 4_102_444_800_000)),
  time('the epoch', paid(1, 0)),
  time('before the epoch', paid(1, -1)),
  time('seconds for milliseconds', paid(1, 1_767_225_600)),
  time('microseconds for milliseconds', paid(1, 1_767_225_600_000_000)),
]

/** Records that can be read and break a rule. */
export const fieldVectors = [
  ...empties,
  ...ids,
  ...lengths,
  ...keys,
  ...partitions,
  ...types,
  ...currencies,
  ...quantities,
  ...amounts,
  ...times,
]
