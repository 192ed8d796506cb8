import type { Reason } from '../../src/reasons.ts'
import {
  bodyOf,
  compact,
  itemHex,
  payloadHex,
  string,
  utf8,
  varint,
  type Overrides,
} from './avro.ts'
import { cancelled, created, paid, refunded, shipped, t, updated } from './events.ts'
import { applied, rejected, stopped, vector, type Placing } from './steps.ts'

const event = paid(1, t(0))
const body = bodyOf(event)

const one =
  (reason: Reason, rule: string) =>
  (name: string, placing: Placing, of = event) =>
    vector(name, rule, rejected(reason, of, placing))

const nullValue = one('null_value', 'Malformed: null value.')
const framing = one('framing', 'Malformed: framing.')
const unknownId = one('unknown_schema_id', "Malformed: id not one of the raw subject's.")
const notDecodable = one('not_decodable', 'Malformed: not decodable.')
const trailing = one('trailing_bytes', 'Malformed: trailing bytes.')
const utf = one('invalid_utf8', 'Malformed: invalid UTF-8.')
const range = one('number_out_of_range', 'Malformed: int beyond 32 bits or long beyond +-(2^53-1).')

const raw = (bytes: string, note: string): Placing => ({ value: { bytes }, note })
const cut = (bytes: number, note: string): Placing => ({ avro: body.slice(0, bytes * 2), note })
const over = (overrides: Overrides, note: string): Placing => ({ overrides, note })

const frames = [
  nullValue('no value', { value: null, note: 'a null value: a tombstone means nothing here' }),
  nullValue('no value and no key', { value: null, key: null, note: 'null key, null value' }),
  framing('an empty value', raw('', 'no bytes')),
  framing('a lone magic byte', raw('00', 'the magic byte alone')),
  framing('a frame of four bytes', raw('00010203', 'one byte short of a frame')),
  framing('another magic byte', raw(`0101020304${body}`, 'magic 01, then a good body')),
  framing('a magic byte of ff', raw(`ff01020304${body}`, 'magic ff, then a good body')),
  framing('JSON instead of Avro', raw(Buffer.from('{"event_id":1}').toString('hex'), 'JSON text')),
  unknownId('an id that is not the subject\u2019s', { schemaId: 'unknown' }),
  unknownId('the id 0', raw(`0000000000${body}`, 'schema id 0, then a good body')),
  unknownId('an id with the sign bit', raw(`00ffffffff${body}`, 'schema id 4,294,967,295')),
  unknownId('an unknown id and no body', raw('00ffffffff', 'a frame alone, of an unknown id')),
  vector(
    'a schema version newer than the engine\u2019s: it stops and says so',
    'Whoever meets a schema version newer than its own stops and says so; it never dead-letters it.',
    stopped(event, { schemaId: 'newer' }),
  ),
  vector(
    'a newer schema version with a body that this engine could not read',
    'Whoever meets a schema version newer than its own stops and says so; it never dead-letters it.',
    stopped(event, { schemaId: 'newer', avro: 'ff', note: 'ff: meaningless in version 1' }),
  ),
]

// In the body of `event`: 0 length, 1-36 event_id, 37 type, 38-43 event_ts, 44 length, 45-47 order_id, 48 branch,
// 49 length, 50-52 payment_id, 53-54 amount, 55 length, 56-59 method, 60 schema_version.
const truncated = [
  notDecodable('an empty body', cut(0, 'no body')),
  notDecodable('a body cut after a string\u2019s length', cut(1, '1 byte of 61')),
  notDecodable('a body cut in event_id', cut(20, '20 bytes of 61')),
  notDecodable('a body cut after event_id', cut(37, '37 bytes of 61')),
  notDecodable('a body cut in a varint', cut(41, '41 bytes of 61')),
  notDecodable('a body cut before the payload', cut(48, '48 bytes of 61')),
  notDecodable('a body cut in the payload', cut(57, '57 bytes of 61')),
  notDecodable('a body that lacks its last byte', cut(60, '60 bytes of 61')),
]

const items = (hex: string, note: string) => over({ items: varint(1) + hex }, `items: ${note}`)
const a = itemHex('a', 2, 10)

const shapes = [
  notDecodable('a type beyond the enum', over({ event_type: varint(8) }, 'event_type 8')),
  notDecodable('a negative type', over({ event_type: varint(-1) }, 'event_type -1')),
  notDecodable(
    'a type that is 3 in its low 32 bits',
    over({ event_type: varint(2n ** 32n + 3n) }, 'event_type 2^32+3'),
  ),
  notDecodable('a payload branch beyond the union', over({ payload: varint(8) }, 'branch 8')),
  notDecodable('a negative payload branch', over({ payload: varint(-1) }, 'branch -1')),
  notDecodable(
    'a payload branch that is 3 in its low 32 bits',
    over({ payload: varint(2n ** 32n + 3n) + payloadHex(event).slice(2) }, 'branch 2^32+3'),
  ),
  notDecodable(
    'an optional branch of 2',
    over({ shipping_amount: varint(2) + varint(5) }, 'shipping_amount: branch 2'),
    updated(1, t(0)),
  ),
  notDecodable(
    'a negative optional branch',
    over({ carrier: varint(-1) + utf8('dhl') }, 'carrier: branch -1'),
    shipped(1, t(0)),
  ),
  notDecodable('a negative string length', over({ method: varint(-4) }, 'method: length -4')),
  notDecodable(
    'a string longer than the body',
    over({ method: varint(7) }, 'method: length 7, 1 left'),
  ),
  notDecodable(
    'a string length that is 4 in its low 32 bits',
    over({ method: varint(2n ** 32n + 4n) + utf8('card').slice(2) }, 'method: length 2^32+4'),
  ),
  notDecodable(
    'a string length of 2^31',
    over({ method: varint(2n ** 31n) + utf8('card').slice(2) }, 'method: length 2^31'),
  ),
  notDecodable(
    'a string length of 2^63-1',
    over({ method: varint(2n ** 63n - 1n) + utf8('card').slice(2) }, 'method: length 2^63-1'),
  ),
  notDecodable(
    'more items announced than there are',
    items(varint(3) + a + a + '00', 'count 3, two items'),
    updated(1, t(0)),
  ),
  notDecodable(
    'a count of 2^53',
    items(varint(2n ** 53n) + a + '00', 'count 2^53, one item'),
    updated(1, t(0)),
  ),
  notDecodable(
    'a count of -2^63, which has no positive counterpart',
    items(varint(-(2n ** 63n)) + varint(4) + a + '00', 'count -2^63, size 4, one item'),
    updated(1, t(0)),
  ),
  notDecodable(
    'a negative block size',
    items(varint(-1) + varint(-4) + a + '00', 'count -1, size -4, one item'),
    updated(1, t(0)),
  ),
  notDecodable(
    'a varint of eleven bytes',
    over({ amount: '80'.repeat(10) + '00' }, 'amount: ten bytes that go on, then 00'),
  ),
  notDecodable('a varint that never ends', {
    avro: bodyOf(event, { amount: 'ff'.repeat(40), method: '', schema_version: '' }),
    note: 'amount: ff to the end',
  }),
  notDecodable(
    'an int in eleven bytes',
    over({ schema_version: `82${'80'.repeat(9)}00` }, 'schema_version 1 in eleven bytes'),
  ),
]

const tails = [
  trailing('a byte after the record', { avro: `${body}00`, note: 'a good body and 00' }),
  trailing('a second record after the first', { avro: body + body, note: 'a good body, twice' }),
  trailing('a payload of null, with a payload after it all', {
    avro: bodyOf(event, { payload: varint(0) }) + payloadHex(event),
    note: 'branch 0, version 1, payload',
  }),
]

const BAD_UTF8 = [
  ['a lone continuation byte', '80'],
  ['a start without continuation', 'c3'],
  ['an over-long slash', 'c0af'],
  ['an over-long NUL, as Java\u2019s modified UTF-8 has it', 'c080'],
  ['a surrogate, as CESU-8 has it', 'eda080edb080'],
  ['beyond U+10FFFF', 'f4908080'],
  ['a byte that UTF-8 never has', 'ff'],
  ['a character cut short', 'e282'],
  ['Latin-1', 'e974e9'],
] as const

const texts = [
  ...BAD_UTF8.map(([what, hex]) =>
    utf(
      `customer_id with ${what}`,
      over(
        { customer_id: varint(1) + string(Buffer.from(`63${hex}`, 'hex')) },
        `customer_id: 63${hex}`,
      ),
      updated(1, t(0)),
    ),
  ),
  utf(
    'event_id with invalid UTF-8',
    over({ event_id: string(Buffer.alloc(36, 0xff)) }, 'event_id: 36 times ff'),
  ),
  utf('order_id with invalid UTF-8, and the same bytes as key', {
    ...over({ order_id: string(Buffer.from('6fff', 'hex')) }, 'order_id 6f ff'),
    key: { hex: '6fff' },
  }),
  utf(
    'a sku with invalid UTF-8',
    items(
      varint(1) + string(Buffer.from('ff80', 'hex')) + varint(1) + varint(1) + '00',
      'sku ff 80',
    ),
    updated(1, t(0)),
  ),
  utf(
    'the last string with invalid UTF-8',
    over({ reason: varint(1) + string(Buffer.from('80', 'hex')) }, 'reason: 80'),
    refunded(1, t(0)),
  ),
]

const LONGS: readonly [string, bigint | string][] = [
  ['2^53', 2n ** 53n],
  ['-2^53', -(2n ** 53n)],
  ['2^63-1', 2n ** 63n - 1n],
  ['-2^63', -(2n ** 63n)],
  ['2^61, one bit of the ninth byte', 2n ** 61n],
  ['one bit of the tenth byte that 64 bits drop', `${'80'.repeat(9)}40`],
  ['2^64, of which 64 bits keep nothing', 2n ** 64n],
  ['of 70 bits, all set', `${'ff'.repeat(9)}7f`],
]
const numbers = [
  ...LONGS.map(([what, value]) =>
    range(
      `an amount of ${what}`,
      over({ amount: typeof value === 'string' ? value : varint(value) }, `amount ${what}`),
    ),
  ),
  range('an event_ts of 2^53', over({ event_ts: varint(2n ** 53n) }, 'event_ts 2^53')),
  range(
    'a shipping_amount of 2^53',
    over({ shipping_amount: varint(2n ** 53n) }, 'shipping_amount 2^53'),
    created(1, t(0)),
  ),
  range(
    'an optional shipping_amount of -2^53',
    over({ shipping_amount: varint(1) + varint(-(2n ** 53n)) }, 'shipping_amount -2^53'),
    updated(1, t(0)),
  ),
  range(
    'a unit_amount of 2^53',
    items(varint(1) + itemHex('a', 1, 2n ** 53n) + '00', 'unit_amount 2^53'),
    updated(1, t(0)),
  ),
  ...[2n ** 31n, -(2n ** 31n) - 1n, 2n ** 32n + 1n].flatMap((int) => [
    range(
      `a quantity of ${int}`,
      items(varint(1) + itemHex('a', int, 1) + '00', `quantity ${int}`),
      updated(1, t(0)),
    ),
    range(
      `a schema_version of ${int}`,
      over({ schema_version: varint(int) }, `schema_version ${int}`),
    ),
  ]),
  range(
    'a number out of range in a record whose type is unknown',
    over({ event_type: varint(0), amount: varint(2n ** 53n) }, 'event_type UNKNOWN, amount 2^53'),
  ),
]

const IN_RANGE = 'Malformed: what is in range of its type is decoded; what it means comes later.'
const LAST = 2n ** 53n - 1n
const inside = [
  ...[LAST, -LAST].flatMap((long) => [
    one('event_ts_out_of_range', IN_RANGE)(
      `an event_ts of ${long} is decoded`,
      over({ event_ts: varint(long) }, `event_ts ${long}`),
    ),
    one('invalid_amount', IN_RANGE)(
      `an amount of ${long} is decoded`,
      over({ amount: varint(long) }, `amount ${long}`),
    ),
  ]),
  ...[2n ** 31n - 1n, -(2n ** 31n)].map((int) =>
    one('invalid_quantity', IN_RANGE)(
      `a quantity of ${int} is decoded`,
      items(varint(1) + itemHex('a', int, 0) + '00', `quantity ${int}`),
      updated(1, t(0)),
    ),
  ),
]

const goOn = vector(
  'after a malformed record the order goes on as if it had never been',
  'Malformed: nothing lost; exactly one of applied, duplicate, dead-lettered.',
  applied(event, {
    status: 'PAID',
    paid_amount: 3_000,
    paid_at: t(0),
    first_event_ts: t(0),
    last_event_ts: t(0),
  }),
  rejected('trailing_bytes', cancelled(2, t(9)), {
    value: { schema_id: 'known', avro: compact(`${bodyOf(cancelled(2, t(9)))}00`) },
    note: 'ORDER_CANCELLED and a byte too many',
  }),
  applied(shipped(3, t(1)), { status: 'SHIPPED', shipped_at: t(1), last_event_ts: t(1) }),
)

/** Records that cannot be read, and what looks like it. */
export const bytesVectors = [
  ...frames,
  ...truncated,
  ...shapes,
  ...tails,
  ...texts,
  ...numbers,
  ...inside,
  goOn,
]
