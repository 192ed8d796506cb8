import { EVENT_TYPES, type OrderEvent } from './event.ts'
import { EventFacts, readFacts } from './event-facts.ts'
import { RAW_IDS } from './events.fixture.ts'

/** What facts say, as a value of its own. */
export interface PlainFacts {
  event_id: string
  rank: number
  ts: number
  customer: string | null
  currency: string | null
  items: { count: number; amount: number } | null
  shipping: number | null
  amount: number
}

/** Reused, as an engine does: nothing of the event before may shine through. */
const facts = new EventFacts()
const BEFORE = Buffer.from('before')
const BEHIND = Buffer.from('behind')

/** Reads a value that lies between others in one buffer. @returns null where `readFacts` says false */
export function read(key: Uint8Array, value: Uint8Array): PlainFacts | null {
  const buf = Buffer.concat([BEFORE, key, value, BEHIND])
  const keyStart = BEFORE.length
  const valueStart = keyStart + key.length
  const isRead = readFacts(facts, RAW_IDS, buf, keyStart, key.length, valueStart, value.length)
  return isRead ? plainFacts(facts) : null
}

export function plainFacts(f: EventFacts): PlainFacts {
  const text = (start: number, length: number) =>
    Buffer.from(f.source).toString('utf8', start, start + length)
  return {
    event_id: f.id.toString('hex'),
    rank: f.rank,
    ts: f.ts,
    customer: f.customerLength < 0 ? null : text(f.customerStart, f.customerLength),
    currency: f.currencyStart < 0 ? null : text(f.currencyStart, 3),
    items: f.itemCount < 0 ? null : { count: f.itemCount, amount: f.itemsAmount },
    shipping: f.shipping < 0 ? null : f.shipping,
    amount: f.amount,
  }
}

/** What the facts of an event are, from its fields. */
export function expectedFacts(event: OrderEvent): PlainFacts {
  const sets =
    event.event_type === 'ORDER_CREATED' || event.event_type === 'ORDER_UPDATED'
      ? event.payload
      : null
  const adds =
    event.event_type === 'ORDER_PAID' || event.event_type === 'ORDER_REFUNDED'
      ? event.payload
      : null
  return {
    event_id: event.event_id.replaceAll('-', ''),
    rank: EVENT_TYPES.indexOf(event.event_type),
    ts: event.event_ts,
    customer: sets?.customer_id ?? null,
    currency: event.event_type === 'ORDER_CREATED' ? event.payload.currency : null,
    items: sets?.items
      ? {
          count: sets.items.reduce((sum, i) => sum + i.quantity, 0),
          amount: sets.items.reduce((sum, i) => sum + i.quantity * i.unit_amount, 0),
        }
      : null,
    shipping: sets?.shipping_amount ?? null,
    amount: adds?.amount ?? 0,
  }
}
