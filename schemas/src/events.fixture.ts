import avsc from 'avsc'
import fc from 'fast-check'
import { currentSchema } from './avro.ts'
import { RAW_SCHEMA_VERSION } from './frame.ts'
import { STATUSES, type CuratedOrder } from './curated.ts'
import { EVENT_TYPES, PAYLOAD_RECORDS, type EventType, type OrderEvent } from './event.ts'
import { CURATED_SUBJECT, RAW_SUBJECT } from './names.ts'
import { MAX_EVENT_TS, MIN_EVENT_TS } from './validate.ts'

/** avsc's reader and writer of the same files: the second opinion on every byte. */
export const avscEvent = avsc.Type.forSchema(currentSchema(RAW_SUBJECT) as avsc.Schema)
export const avscCurated = avsc.Type.forSchema(currentSchema(CURATED_SUBJECT) as avsc.Schema)

export const RAW_ID = 0x01020304
export const RAW_IDS = new Map([[RAW_ID, RAW_SCHEMA_VERSION]])

const plain = { noNullPrototype: true }
const nullable = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null })

/** Well-formed text of every kind: ASCII, two to four bytes, NUL, and around the lengths where the writer switches. */
const text = (minLength: number) =>
  fc.oneof(
    fc.string({ unit: 'binary', minLength, maxLength: 40 }),
    fc.string({ minLength, maxLength: 80 }),
    fc
      .tuple(
        fc.integer({ min: 60, max: 130 }),
        fc.constantFrom('x', '\u00e9', '\u20ac', '\u{1f4e6}'),
      )
      .map(([length, unit]) => unit.repeat(length)),
  )
const id = text(1)
const free = text(0)
const amount = fc.oneof(
  fc.integer({ min: 0, max: 1e12 }),
  fc.constantFrom(0, 63, 64, 8_191, 8_192, 2 ** 30 - 1, 2 ** 30, 2 ** 31, 2 ** 32, 1e12),
)
const item = fc.record(
  {
    sku: id,
    quantity: fc.integer({ min: 1, max: 1_000 }),
    unit_amount: fc.integer({ min: 0, max: 1_000_000 }),
  },
  plain,
)
const items = fc.array(item, { maxLength: 5 })

const payloads: Record<EventType, fc.Arbitrary<object>> = {
  ORDER_CREATED: fc.record(
    {
      customer_id: id,
      currency: fc.stringMatching(/^[A-Z]{3}$/),
      items,
      shipping_amount: amount,
    },
    plain,
  ),
  ORDER_UPDATED: fc.record(
    {
      customer_id: nullable(id),
      items: nullable(items),
      shipping_amount: nullable(amount),
    },
    plain,
  ),
  ORDER_PAID: fc.record({ payment_id: id, amount, method: free }, plain),
  ORDER_SHIPPED: fc.record({ carrier: nullable(free), tracking_number: nullable(free) }, plain),
  ORDER_DELIVERED: fc.record({ signed_by: nullable(free) }, plain),
  ORDER_CANCELLED: fc.record({ reason: free }, plain),
  ORDER_REFUNDED: fc.record({ refund_id: id, amount, reason: nullable(free) }, plain),
}

/** Any event that the contract allows. */
export const validEvent: fc.Arbitrary<OrderEvent> = fc.constantFrom(...EVENT_TYPES).chain(
  (event_type) =>
    fc.record(
      {
        event_id: fc.uuid(),
        event_type: fc.constant(event_type),
        event_ts: fc.integer({ min: MIN_EVENT_TS, max: MAX_EVENT_TS }),
        order_id: id,
        payload: payloads[event_type],
        schema_version: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      },
      plain,
    ) as fc.Arbitrary<OrderEvent>,
)

/** avsc's form of an event: it names the branch of the payload. */
export function toAvsc(event: OrderEvent): object {
  const record = PAYLOAD_RECORDS[EVENT_TYPES.indexOf(event.event_type)]!
  return { ...event, payload: { [`orderup.${record}`]: event.payload } }
}

// avsc stops two short of 2^53-1, and below -(2^52) it silently loses the sign: there it is no second opinion.
const long = fc.oneof(
  fc.integer({ min: -(2 ** 52), max: Number.MAX_SAFE_INTEGER - 1 }),
  fc.constantFrom(-(2 ** 52), 2 ** 52, 2 ** 52 + 1, Number.MAX_SAFE_INTEGER - 1),
)
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })

export const curatedRow: fc.Arbitrary<CuratedOrder> = fc.record(
  {
    order_id: free,
    status: fc.constantFrom(...STATUSES),
    customer_id: nullable(free),
    currency: nullable(free),
    item_count: nullable(int),
    items_amount: nullable(long),
    shipping_amount: nullable(long),
    total_amount: nullable(long),
    paid_amount: long,
    refunded_amount: long,
    created_at: nullable(long),
    paid_at: nullable(long),
    shipped_at: nullable(long),
    delivered_at: nullable(long),
    cancelled_at: nullable(long),
    refunded_at: nullable(long),
    first_event_ts: long,
    last_event_ts: long,
    version: long,
    last_event_id: free,
    schema_version: int,
  },
  plain,
)
