import { EVENT_TYPES, validate, type EventType, type OrderEvent } from '@order-up/schemas'
import { NIL, v5 as uuidV5 } from 'uuid'
import { avroIndex } from '../event-json.ts'
import type { OlistOrder } from './orders.ts'

/** An event still to be made: with half a million orders, two million whole ones would not fit. */
export interface Planned {
  ts: number
  /** of the type, in the contract's order */
  rank: number
  order: OlistOrder
}

/** Statuses that mean the order came to nothing. */
const CANCELLED: ReadonlySet<string> = new Set(['canceled', 'unavailable'])

/**
 * Every event of the orders in the order in which they happened; at the same moment by rank, then by order.
 * @throws TerminalError `BAD_INPUT` where an event would break the contract, naming the order's line
 */
export function planEvents(orders: readonly OlistOrder[]): Planned[] {
  const planned = orders.flatMap(planOrderEvents)
  for (const plan of planned) check(plan)
  return planned.toSorted(
    (a, b) => a.ts - b.ts || a.rank - b.rank || (a.order.order_id < b.order.order_id ? -1 : 1), // ids are unique
  )
}

function planOrderEvents(order: OlistOrder): Planned[] {
  const { purchased, approved, shipped, delivered, payments, status } = order
  const planned: Planned[] = []
  const add = (type: EventType, ts: number | null) => {
    if (ts !== null) planned.push({ ts, rank: EVENT_TYPES.indexOf(type), order })
  }
  add('ORDER_CREATED', purchased)
  if (payments) add('ORDER_PAID', approved)
  add('ORDER_SHIPPED', shipped)
  add('ORDER_DELIVERED', delivered)
  if (CANCELLED.has(status))
    add('ORDER_CANCELLED', Math.max(purchased, approved ?? 0, shipped ?? 0, delivered ?? 0))
  return planned
}

function check(plan: Planned) {
  const { event_type, payload, ...rest } = eventOf(plan, NIL) // the real id is always a UUID, and costs most of this
  const type = avroIndex(event_type)
  const verdict = validate({ ...rest, type, branch: type, payload: { ...payload } })
  if ('reason' in verdict)
    throw plan.order.bad(`${event_type} of this order: ${verdict.reason}, ${verdict.detail}`)
}

/** The event itself. By default its id is a UUIDv5 of order and type, so that a second replay repeats the first. */
export function eventOf(plan: Planned, event_id = idOf(plan)): OrderEvent {
  const { ts, rank, order } = plan
  const event_type = EVENT_TYPES[rank]!
  return {
    event_id,
    event_ts: ts,
    order_id: order.order_id,
    schema_version: 1,
    ...contentOf(event_type, order),
  }
}

const idOf = ({ rank, order }: Planned) =>
  uuidV5(`${order.order_id}/${EVENT_TYPES[rank]!}`, uuidV5.URL)

type ContentOf<E> = E extends OrderEvent ? Pick<E, 'event_type' | 'payload'> : never

function contentOf(event_type: EventType, order: OlistOrder): ContentOf<OrderEvent> {
  switch (event_type) {
    case 'ORDER_CREATED': {
      const { customer_id, items, freight: shipping_amount } = order
      return { event_type, payload: { customer_id, currency: 'BRL', items, shipping_amount } }
    }
    case 'ORDER_PAID': {
      const { total: amount, method } = order.payments!
      return { event_type, payload: { payment_id: order.order_id, amount, method } }
    }
    case 'ORDER_SHIPPED':
      return { event_type, payload: { carrier: null, tracking_number: null } }
    case 'ORDER_DELIVERED':
      return { event_type, payload: { signed_by: null } }
    case 'ORDER_CANCELLED':
      return { event_type, payload: { reason: order.status } }
    case 'ORDER_UPDATED':
    case 'ORDER_REFUNDED':
      throw new Error(`the files hold no ${event_type}`)
  }
}
