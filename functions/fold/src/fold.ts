import { EVENT_TYPES, STATUSES, CURATED_SCHEMA_VERSION } from '@order-up/schemas'
import type { CuratedOrder, EventType, Item, OrderEvent } from '@order-up/schemas'
import {
  append,
  compareAt,
  has,
  noEventIds,
  parseUuid,
  textAt,
  type EventIds,
} from './event-ids.ts'
import type { Fact, ItemTotals, OrderState, Stamp } from './state.ts'

const RANK = Object.fromEntries(EVENT_TYPES.map((type, rank) => [type, rank])) as Record<
  EventType,
  number
>
/** The status that an event of each rank sets; ORDER_UPDATED sets none. */
const STATUS_OF_RANK = EVENT_TYPES.map((type) =>
  type === 'ORDER_UPDATED' ? 'UNKNOWN' : STATUSES.find((status) => type === `ORDER_${status}`)!,
)
const NEVER: OrderState['at'] = EVENT_TYPES.map(() => null)

/** reused: the id in hand is copied where it is kept */
const id = Buffer.alloc(16)

/**
 * The fold of the contract: the state of an order and one event give the order's next state.
 * Pure: `state` stays as it was.
 * @param state null for an order not seen before
 * @param event already checked against the contract (decodeRaw)
 * @returns the new state, or 'duplicate' where this event id was applied before
 */
export function fold(state: OrderState | null, event: OrderEvent): OrderState | 'duplicate' {
  parseUuid(event.event_id, id)
  const before = state?.ids ?? noEventIds
  if (has(before, id)) return 'duplicate'

  const ids = append(before, id)
  const { event_ts: ts } = event
  const rank = RANK[event.event_type]
  const by: Stamp = { ts, rank, id: ids.count - 1 }
  const set = <T>(fact: Fact<T> | null | undefined, value: T | null): Fact<T> | null =>
    value !== null && (!fact || isLater(by, fact.by, ids)) ? { value, by } : (fact ?? null)

  let customer = state?.customer ?? null
  let currency = state?.currency ?? null
  let items = state?.items ?? null
  let shipping = state?.shipping ?? null
  let paid = state?.paid ?? 0
  let refunded = state?.refunded ?? 0
  switch (event.event_type) {
    case 'ORDER_CREATED':
    case 'ORDER_UPDATED': {
      const { customer_id, items: list, shipping_amount } = event.payload
      if (event.event_type === 'ORDER_CREATED') currency = set(currency, event.payload.currency)
      customer = set(customer, customer_id)
      items = set(items, list && totalsOf(list))
      shipping = set(shipping, shipping_amount)
      break
    }
    case 'ORDER_PAID':
      paid = saturated(paid + event.payload.amount)
      break
    case 'ORDER_REFUNDED':
      refunded = saturated(refunded + event.payload.amount)
      break
    case 'ORDER_SHIPPED':
    case 'ORDER_DELIVERED':
    case 'ORDER_CANCELLED':
      break
  }
  const status = state?.status ?? null
  const setsStatus = event.event_type !== 'ORDER_UPDATED'
  return {
    ids,
    status: setsStatus && (!status || isLater(by, status, ids)) ? by : status,
    customer,
    currency,
    items,
    shipping,
    at: setsStatus ? withLatest(state?.at ?? NEVER, rank, ts) : (state?.at ?? NEVER),
    paid,
    refunded,
    firstTs: state ? Math.min(state.firstTs, ts) : ts,
    lastTs: state ? Math.max(state.lastTs, ts) : ts,
  }
}

function isLater(a: Stamp, b: Stamp, ids: EventIds): boolean {
  if (a.ts !== b.ts) return a.ts > b.ts
  if (a.rank !== b.rank) return a.rank > b.rank
  return compareAt(ids, b.id, id) > 0
}

function totalsOf(items: readonly Item[]): ItemTotals {
  let count = 0
  let amount = 0
  for (const { quantity, unit_amount } of items) {
    count += quantity
    amount += quantity * unit_amount
  }
  return { count, amount }
}

const saturated = (sum: number) => Math.min(sum, Number.MAX_SAFE_INTEGER)

function withLatest(at: OrderState['at'], rank: number, ts: number): OrderState['at'] {
  const before = at[rank] ?? null
  return before !== null && before >= ts ? at : at.with(rank, ts)
}

/** The curated row of an order that stands at `state`. */
export function rowOf(order_id: string, state: OrderState): CuratedOrder {
  const { ids, items, shipping, at } = state
  const items_amount = items?.value.amount ?? null
  const shipping_amount = shipping?.value ?? null
  return {
    order_id,
    status: state.status ? STATUS_OF_RANK[state.status.rank]! : 'UNKNOWN',
    customer_id: state.customer?.value ?? null,
    currency: state.currency?.value ?? null,
    item_count: items?.value.count ?? null,
    items_amount,
    shipping_amount,
    total_amount:
      items_amount === null && shipping_amount === null
        ? null
        : (items_amount ?? 0) + (shipping_amount ?? 0),
    paid_amount: state.paid,
    refunded_amount: state.refunded,
    created_at: at[RANK.ORDER_CREATED] ?? null,
    paid_at: at[RANK.ORDER_PAID] ?? null,
    shipped_at: at[RANK.ORDER_SHIPPED] ?? null,
    delivered_at: at[RANK.ORDER_DELIVERED] ?? null,
    cancelled_at: at[RANK.ORDER_CANCELLED] ?? null,
    refunded_at: at[RANK.ORDER_REFUNDED] ?? null,
    first_event_ts: state.firstTs,
    last_event_ts: state.lastTs,
    version: ids.count,
    last_event_id: textAt(ids, ids.count - 1),
    schema_version: CURATED_SCHEMA_VERSION,
  }
}
