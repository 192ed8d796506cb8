import { bodyOf, itemHex, overlong, payloadHex, string, utf8, varint } from './avro.ts'
import { cancelled, created, item, paid, shipped, t, updated } from './events.ts'
import { applied, vector } from './steps.ts'

const LEGAL = 'Legal Avro in another shape than the common writers use is decoded, not rejected.'
const LIMITS = 'Malformed: the last value inside each bound is not malformed.'
const TRILLION = 1_000_000_000_000

const ends = { first_event_ts: t(0), last_event_ts: t(0) }
const paidRow = (paid_amount = 3_000) =>
  ({ status: 'PAID', paid_amount, paid_at: t(0), ...ends }) as const
const cancelledRow = { status: 'CANCELLED', cancelled_at: t(0), ...ends } as const
const itemsRow = (item_count: number, items_amount: number) => ({
  item_count,
  items_amount,
  total_amount: items_amount,
  ...ends,
})

const a = itemHex('a', 2, 10)
const b = itemHex('b', 1, 5)
/** ORDER_UPDATED whose items are these bytes after the union's branch. */
const itemsAs = (name: string, hex: string, count: number, amount: number, note: string) =>
  vector(
    name,
    LEGAL,
    applied(updated(1, t(0)), itemsRow(count, amount), {
      overrides: { items: varint(1) + hex },
      note: `ORDER_UPDATED, items: ${note}`,
    }),
  )

const blocks = [
  itemsAs('items in two blocks', varint(1) + a + varint(1) + b + '00', 3, 25, 'two blocks of one'),
  itemsAs(
    'items in a block with its size in bytes',
    varint(-2) + varint((a + b).length / 2) + a + b + '00',
    3,
    25,
    'count -2, size, two items',
  ),
  itemsAs(
    'items in a sized block between two plain ones',
    varint(1) + b + varint(-1) + varint(a.length / 2) + a + varint(1) + b + '00',
    4,
    30,
    'blocks of 1, -1 with its size, and 1',
  ),
  itemsAs(
    'a block size that is wrong is not used',
    varint(-1) + varint(1_000_000) + a + '00',
    2,
    20,
    'count -1, size 1,000,000, one item of 4 bytes',
  ),
  itemsAs('an end of items in two bytes', varint(1) + a + '8000', 2, 20, 'one, ended by 80 00'),
]

const varints = [
  vector(
    'numbers in more bytes than they need, to ten',
    LEGAL,
    applied(paid(1, t(0)), paidRow(), {
      overrides: {
        event_ts: overlong(t(0), 10),
        amount: overlong(3_000, 9),
        schema_version: overlong(1, 10),
      },
      note: 'ORDER_PAID of 3,000 with event_ts in 10 bytes, amount in 9, schema_version in 10',
    }),
  ),
  vector(
    'a type, a branch and lengths in more bytes than they need',
    LEGAL,
    applied(cancelled(1, t(0)), cancelledRow, {
      overrides: {
        event_id: overlong(36, 2) + utf8(cancelled(1, t(0)).event_id).slice(2),
        event_type: overlong(6, 10),
        order_id: overlong(3, 5) + utf8('o-1').slice(2),
        payload: overlong(6, 6) + payloadHex(cancelled(1, t(0))).slice(2),
      },
      note: 'ORDER_CANCELLED with event_type, branch and the lengths of both ids padded',
    }),
  ),
  vector(
    'optional branches in more bytes than they need',
    LEGAL,
    applied(
      updated(1, t(0)),
      { shipping_amount: 70, total_amount: 70, ...ends },
      {
        overrides: { customer_id: '8000', shipping_amount: overlong(1, 3) + varint(70) },
        note: 'ORDER_UPDATED: customer_id null as 80 00, shipping_amount 70 as branch 82 80 00',
      },
    ),
  ),
  ...[2_147_483_647, -2_147_483_648, 0].map((version) =>
    vector(
      `schema_version ${version} is taken as it is: it decides nothing`,
      'schema_version: informative; what decides is the Avro id.',
      applied({ ...paid(1, t(0)), schema_version: version }, paidRow()),
    ),
  ),
]

const CUSTOMERS = [
  ['a byte order mark is part of the string', '\ufeffc'],
  ['a NUL is part of the string', 'c\u0000'],
  ['the last code point', '\u{10ffff}'],
  ['the code points around the surrogates', '\ud7ff\ue000'],
  ['a replacement character written as such', '\ufffd'],
  ['composed and decomposed letters stay apart', '\u00e9e\u0301'],
  ['blanks are not empty', ' '],
  ['1,024 bytes in 1,024 characters', 'a'.repeat(1_024)],
  ['1,024 bytes in 512 characters', '\u00e9'.repeat(512)],
  ['1,024 bytes in 342 characters', `a${'\u20ac'.repeat(341)}`],
  ['1,024 bytes in 256 characters outside the basic plane', '\u{1f4e6}'.repeat(256)],
] as const
const strings = CUSTOMERS.map(([what, customer_id]) =>
  vector(
    `customer_id: ${what}`,
    what.startsWith('1,024') ? LIMITS : 'Strings are UTF-8 and carried over unchanged.',
    applied(updated(1, t(0), { customer_id }), { customer_id, ...ends }),
  ),
)

const orderIds = [
  ['of 1,024 bytes', 'o'.repeat(1_024)],
  ['with letters of two and three bytes', 'stra\u00dfe-\u6ce8\u6587'],
  ['outside the basic plane', '\u{1f4e6}-1'],
  ['with a NUL', 'o\u00001'],
].map(([what, order_id]) =>
  vector(
    `an order_id ${what}`,
    'key = order_id (UTF-8), partition = murmur2(key) mod n.',
    applied(paid(1, t(0), {}, order_id), paidRow()),
  ),
)

// The hash of "foobar" is negative, so that its absolute value lies on another partition than the masked one.
const partitionCounts = [1, 3, 7, 12, 100].map((partitions) =>
  vector(
    `the partition of ${partitions}`,
    'partition = murmur2(key) mod n: the sign bit is cleared, as in Kafka.',
    applied(paid(1, t(0), {}, 'foobar'), paidRow(), { partitions }),
  ),
)

const limits = [
  vector(
    'free text may be empty: method, reason, carrier, tracking number',
    LIMITS,
    applied(paid(1, t(0), { method: '' }), paidRow()),
    applied(cancelled(2, t(0), { reason: '' }), { status: 'CANCELLED', cancelled_at: t(0) }),
    applied(shipped(3, t(0), { carrier: '', tracking_number: '' }), { shipped_at: t(0) }),
  ),
  vector(
    'free text of 1,024 bytes',
    LIMITS,
    applied(paid(1, t(0), { method: 'm'.repeat(1_024) }), paidRow()),
  ),
  vector(
    'a currency is three capitals, known to ISO or not',
    LIMITS,
    applied(created(1, t(0), { currency: 'AZQ', items: [], shipping_amount: 0 }), {
      status: 'CREATED',
      customer_id: 'c-1',
      currency: 'AZQ',
      item_count: 0,
      items_amount: 0,
      shipping_amount: 0,
      total_amount: 0,
      created_at: t(0),
      ...ends,
    }),
  ),
  vector(
    '10,000 items',
    LIMITS,
    applied(
      updated(1, t(0), { items: Array.from({ length: 10_000 }, () => item('a', 1, 3)) }),
      itemsRow(10_000, 30_000),
      { note: 'ORDER_UPDATED with 10,000 times {sku "a", quantity 1, unit_amount 3}' },
    ),
  ),
  vector(
    'quantities of 1 and of 10^6',
    LIMITS,
    applied(
      updated(1, t(0), { items: [item('a', 1, 0), item('b', 1_000_000, 1)] }),
      itemsRow(1_000_001, 1_000_000),
    ),
  ),
  vector(
    'a unit_amount of 10^12',
    LIMITS,
    applied(updated(1, t(0), { items: [item('a', 1, TRILLION)] }), itemsRow(1, TRILLION)),
  ),
  vector(
    'items of 10^12 in all, of several',
    LIMITS,
    applied(
      updated(1, t(0), {
        items: [item('a', 999_999, 1_000_000), item('b', 999_999, 1), item('c', 1, 1)],
      }),
      itemsRow(1_999_999, TRILLION),
    ),
  ),
  vector(
    'a shipping_amount of 10^12',
    LIMITS,
    applied(updated(1, t(0), { shipping_amount: TRILLION }), {
      shipping_amount: TRILLION,
      total_amount: TRILLION,
      ...ends,
    }),
  ),
  vector(
    'an event_id of any version, as long as it has the form',
    'event_id string/uuid (36 characters, lower case, compared as bytes).',
    applied(paid('abcdef01-2345-6789-abcd-ef0123456789', t(0)), paidRow()),
  ),
  vector(
    'a string whose bytes look like nothing but UTF-8 of four bytes',
    LEGAL,
    applied(
      updated(1, t(0)),
      { customer_id: '\u{10000}\u{fffff}', ...ends },
      {
        overrides: {
          customer_id: varint(1) + string(Buffer.from('f0908080f3bfbfbf', 'hex')),
        },
        note: 'ORDER_UPDATED with customer_id f0 90 80 80 f3 bf bf bf: U+10000, U+FFFFF',
      },
    ),
  ),
]

const whole = vector(
  'a body written out by hand',
  'Value = Avro in Confluent framing (0x00, 4-byte schema id, body).',
  applied(paid(1, t(0)), paidRow(1), {
    avro: bodyOf(paid(1, t(0), { amount: 1 })),
    note: 'ORDER_PAID: id, type 3, event_ts, order_id, branch 3, payment_id, amount 1, method, version 1',
  }),
)

/** What must not be rejected. */
export const acceptVectors = [
  whole,
  ...blocks,
  ...varints,
  ...strings,
  ...orderIds,
  ...partitionCounts,
  ...limits,
]
