import {
  MAX_AMOUNT,
  MAX_EVENT_TS,
  MAX_QUANTITY,
  MAX_STRING_BYTES,
  MIN_EVENT_TS,
  encodeEvent,
  partitionOf,
  type OrderEvent,
  type Reason,
} from '@order-up/schemas'
import type { Random } from './random.ts'
import type { RawMessage } from './send.ts'

/** Where fixed-width parts of a framed event lie: frame (5), event_id (1 + 36), event_type (1), event_ts. */
const EVENT_TYPE_AT = 42
const EVENT_TS_AT = 43

type Of<T extends OrderEvent['event_type']> = Extract<OrderEvent, { event_type: T }>

/** What a fault starts from: two well-formed events and how a well-formed record would lie. */
interface Sound {
  created: Of<'ORDER_CREATED'>
  paid: Of<'ORDER_PAID'>
  random: Random
  partitions: number
  encode(event: OrderEvent): Buffer
  /** puts a value under the event's own key */
  place(value: Buffer | null, orderId?: string): RawMessage
}

/** One way in which producers get records wrong, and the reason that the contract gives for it. */
interface Fault {
  reason: Reason
  build(sound: Sound): RawMessage
}

const bytes = (reason: Reason, change: (value: Buffer, s: Sound) => Buffer | null): Fault => ({
  reason,
  build: (s) => s.place(change(s.encode(s.created), s)),
})
const content = (reason: Reason, change: (s: Sound) => OrderEvent): Fault => ({
  reason,
  build: (s) => {
    const event = change(s)
    return s.place(s.encode(event), event.order_id)
  },
})
const set = (value: Buffer, at: number, byte: number) => {
  value[at] = byte
  return value
}
const item = (s: Sound, change: object): OrderEvent => ({
  ...s.created,
  payload: { ...s.created.payload, items: [{ ...s.created.payload.items[0]!, ...change }] },
})
const paid = (s: Sound, change: object): OrderEvent => ({
  ...s.paid,
  payload: { ...s.paid.payload, ...change },
})

const FAULTS: readonly Fault[] = [
  bytes('null_value', () => null),
  bytes('framing', () => Buffer.alloc(0)),
  bytes('framing', (value) => value.subarray(5)), // Avro without the frame (an event_id is 36 long: 0x48)
  bytes('framing', (_, s) => Buffer.from(JSON.stringify(s.created))),
  bytes('unknown_schema_id', (value) => (value.writeUInt32BE(0x7fff_ffff, 1), value)),
  bytes('not_decodable', (value, s) => value.subarray(0, 5 + s.random.below(value.length - 5))),
  bytes('not_decodable', (value) => set(value, EVENT_TYPE_AT, 0x7e)), // the 63rd of 8 types
  bytes('trailing_bytes', (value, s) => Buffer.concat([value, Buffer.from([s.random.below(256)])])),
  bytes('invalid_utf8', (value, s) =>
    set(value, value.indexOf(s.created.payload.customer_id), 0xff),
  ),
  content('number_out_of_range', (s) => item(s, { quantity: 2 ** 33 })),
  {
    reason: 'number_out_of_range',
    build: (s) => {
      const value = s.encode({ ...s.created, event_ts: Number.MAX_SAFE_INTEGER })
      return s.place(set(value, EVENT_TS_AT + 7, 0x3f)) // its top byte: 2⁵⁴−1 instead of 2⁵³−1
    },
  },
  content('field_limits', (s) => ({ ...s.paid, event_id: s.paid.event_id.toUpperCase() })),
  content('field_limits', (s) => ({ ...s.paid, event_id: 'none' })),
  content('field_limits', (s) => ({ ...s.created, order_id: '' })),
  content('field_limits', (s) => item(s, { sku: '' })),
  content('field_limits', (s) => paid(s, { payment_id: '' })),
  content('field_limits', (s) => paid(s, { method: 'x'.repeat(MAX_STRING_BYTES + 1) })),
  {
    reason: 'key_mismatch',
    build: (s) => ({ ...s.place(s.encode(s.created)), key: Buffer.from(`x${s.created.order_id}`) }),
  },
  { reason: 'key_mismatch', build: (s) => ({ ...s.place(s.encode(s.created)), key: null }) },
  {
    reason: 'partition_mismatch',
    build: (s) => {
      const sound = s.place(s.encode(s.created))
      return { ...sound, partition: (sound.partition + 1) % s.partitions }
    },
  },
  bytes('type_mismatch', (value) => set(value, EVENT_TYPE_AT, 0)), // UNKNOWN
  bytes('type_mismatch', (value) => set(value, EVENT_TYPE_AT, 2 * 7)), // ORDER_REFUNDED
  content('invalid_currency', (s) => ({
    ...s.created,
    payload: { ...s.created.payload, currency: s.random.pick(['eur', '€', 'EURO', '']) },
  })),
  content('invalid_quantity', (s) => item(s, { quantity: 0 })),
  content('invalid_quantity', (s) => item(s, { quantity: MAX_QUANTITY + 1 })),
  content('invalid_amount', (s) => paid(s, { amount: -1 })),
  content('invalid_amount', (s) => paid(s, { amount: MAX_AMOUNT + 1 })),
  content('invalid_amount', (s) => item(s, { quantity: MAX_QUANTITY, unit_amount: 1e7 })),
  content('event_ts_out_of_range', (s) => ({ ...s.paid, event_ts: MIN_EVENT_TS - 1 })),
  content('event_ts_out_of_range', (s) => ({ ...s.paid, event_ts: MAX_EVENT_TS + 1 })),
  content('event_ts_out_of_range', (s) => ({ ...s.paid, event_ts: s.paid.event_ts * 1_000 })), // microseconds
]
/** On a topic of one partition no record can be on the wrong one. */
const FAULTS_OF_ONE_PARTITION = FAULTS.filter(({ reason }) => reason !== 'partition_mismatch')

/**
 * A record that the contract rejects, made from a sound event by one of the faults at random.
 * @param event an ORDER_CREATED as it might have been sent
 */
export function malform(
  random: Random,
  event: Of<'ORDER_CREATED'>,
  { partitions, schemaId }: { partitions: number; schemaId: number },
): RawMessage & { reason: Reason } {
  const fault = random.pick(partitions > 1 ? FAULTS : FAULTS_OF_ONE_PARTITION)
  const message = fault.build({
    created: event,
    paid: {
      ...event,
      event_type: 'ORDER_PAID',
      payload: { payment_id: `p_${random.hex(2)}`, amount: random.below(10_000), method: 'card' },
    },
    random,
    partitions,
    encode: (e) => encodeEvent(e, schemaId),
    place: (value, orderId = event.order_id) => {
      const key = Buffer.from(orderId)
      return { key, value, partition: partitionOf(key, partitions) }
    },
  })
  return { ...message, reason: fault.reason }
}
