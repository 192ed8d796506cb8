import { createGenerator, type Random } from '@order-up/producer'
import {
  currentSchema,
  encodeEvent,
  EVENT_TYPES,
  partitionOf,
  RAW_SUBJECT,
  type EventType,
  type OrderEvent,
} from '@order-up/schemas'
import avsc from 'avsc'
import type { IHeaders } from 'kafkajs'
import type { RawEntry } from './ledger.ts'

/** Where records go and under which schema id. */
export interface Target {
  partitions: number
  schemaId: number
}

const avscEvent = avsc.Type.forSchema(currentSchema(RAW_SUBJECT) as avsc.Schema)

/** A well-formed record of an event. */
export function entryOf(
  event: OrderEvent,
  { partitions, schemaId }: Target,
  headers?: IHeaders,
): RawEntry {
  const key = Buffer.from(event.order_id)
  return {
    key,
    value: encodeEvent(event, schemaId),
    partition: partitionOf(key, partitions),
    meaning: { is: 'event', event },
    ...(headers ? { headers } : {}),
  }
}

export interface Mix {
  seed: number
  orders: number
  duplicates: number
  late: number
  malformed: number
}

/** Orders under way as the producer's generator makes them, one record at a time; what each is, is the generator's word. */
export function* generated(mix: Mix, target: Target, now: () => number): Generator<RawEntry> {
  const generator = createGenerator({ ...mix, ...target, concurrent: 200 })
  for (;;) {
    const next = generator.next(now())
    if (next === null) return
    const { key, value, partition, reason } = next
    yield {
      key,
      value,
      partition,
      meaning:
        reason === null ? { is: 'event', event: readEvent(value!) } : { is: 'rejected', reason },
    }
  }
}

/** The event in a framed value that is known to hold one, as avsc reads it. */
function readEvent(value: Buffer): OrderEvent {
  const { payload, ...envelope } = avscEvent.fromBuffer(value.subarray(5)) as {
    payload: Record<string, object>
  }
  return JSON.parse(
    JSON.stringify({ ...envelope, payload: Object.values(payload)[0] }),
  ) as OrderEvent
}

/** Ids that differ in few places, and in the sign bit of either half: what is compared wrongly shows. */
const SOME_IDS = ['0', '1', '7', '8', '9', 'a', 'e', 'f']
const someId = (random: Random) =>
  `${random.pick(SOME_IDS)}000000${random.pick(SOME_IDS)}-0000-4000-${random.pick(SOME_IDS)}000-00000000000${random.pick(SOME_IDS)}`

/** An event out of few times, ids and values, so that orders meet ties, late events and repeated ids. */
export function tyingEvent(random: Random, order_id: string, base: number): OrderEvent {
  const event_type = random.pick(EVENT_TYPES)
  return {
    event_id: someId(random),
    event_type,
    event_ts: base + random.below(3),
    order_id,
    payload: somePayload(random, event_type),
    schema_version: 1,
  } as OrderEvent
}

function somePayload(random: Random, type: EventType): object {
  const text = () => random.pick(['c-1', 'c-2', 'ü', '\u{1f4e6}', '\ufeff', 'e\u0301', 'a\u0000b'])
  const free = () => random.pick([null, '', text()])
  const amount = () => random.pick([0, 1, 700, 1e12 - 1, 1e12])
  const items = () =>
    Array.from({ length: random.below(3) }, () => ({
      sku: text(),
      quantity: random.pick([1, 2, 1_000_000]),
      unit_amount: random.pick([0, 3, 1_000]),
    }))
  const orNull = <T>(value: T) => (random.chance(0.4) ? null : value)
  switch (type) {
    case 'ORDER_CREATED':
      return {
        customer_id: text(),
        currency: random.pick(['EUR', 'USD', 'JPY']),
        items: items(),
        shipping_amount: amount(),
      }
    case 'ORDER_UPDATED':
      return {
        customer_id: orNull(text()),
        items: orNull(items()),
        shipping_amount: orNull(amount()),
      }
    case 'ORDER_PAID':
      return { payment_id: text(), amount: amount(), method: text() }
    case 'ORDER_SHIPPED':
      return { carrier: free(), tracking_number: free() }
    case 'ORDER_DELIVERED':
      return { signed_by: free() }
    case 'ORDER_CANCELLED':
      return { reason: text() }
    case 'ORDER_REFUNDED':
      return { refund_id: text(), amount: amount(), reason: free() }
  }
}
