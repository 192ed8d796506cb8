import { EVENT_TYPES, type CuratedOrder, type OrderEvent } from '@order-up/schemas'
import fc from 'fast-check'

/**
 * The fold again, from the contract's sentences and with nothing of the fold's code: all events at once, sorted, and
 * each fact read off the end. Slow and plain, so that it can be believed.
 * @param log the order's events as they lie in raw, at least one
 */
export function modelRow(order_id: string, log: readonly OrderEvent[]): CuratedOrder {
  const seen = new Set<string>()
  const applied = log.filter((e) => !seen.has(e.event_id) && seen.add(e.event_id))
  const sorted = applied.toSorted(
    (a, b) =>
      a.event_ts - b.event_ts ||
      EVENT_TYPES.indexOf(a.event_type) - EVENT_TYPES.indexOf(b.event_type) ||
      (a.event_id < b.event_id ? -1 : 1),
  )
  const last = <T>(read: (e: OrderEvent) => T | null): T | null =>
    sorted.map(read).findLast((value) => value !== null) ?? null
  const lastOf = (type: OrderEvent['event_type']) =>
    last((e) => (e.event_type === type ? e.event_ts : null))
  const sumOf = (type: 'ORDER_PAID' | 'ORDER_REFUNDED') => {
    const amounts = applied.map((e) => (e.event_type === type ? BigInt(e.payload.amount) : 0n))
    const sum = amounts.reduce((a, b) => a + b)
    return Number(sum < 2n ** 53n ? sum : 2n ** 53n - 1n)
  }
  const facts = (e: OrderEvent) =>
    e.event_type === 'ORDER_CREATED' || e.event_type === 'ORDER_UPDATED' ? e.payload : null

  const items = last((e) => facts(e)?.items ?? null)
  const items_amount = items && items.reduce((sum, i) => sum + i.quantity * i.unit_amount, 0)
  const shipping_amount = last((e) => facts(e)?.shipping_amount ?? null)
  const known = [items_amount, shipping_amount].filter((amount) => amount !== null)
  return {
    order_id,
    status:
      last((e) =>
        e.event_type === 'ORDER_UPDATED'
          ? null
          : (e.event_type.slice('ORDER_'.length) as CuratedOrder['status']),
      ) ?? 'UNKNOWN',
    customer_id: last((e) => facts(e)?.customer_id ?? null),
    currency: last((e) => (e.event_type === 'ORDER_CREATED' ? e.payload.currency : null)),
    item_count: items && items.reduce((sum, i) => sum + i.quantity, 0),
    items_amount,
    shipping_amount,
    total_amount: known.length === 0 ? null : known.reduce((a, b) => a + b),
    paid_amount: sumOf('ORDER_PAID'),
    refunded_amount: sumOf('ORDER_REFUNDED'),
    created_at: lastOf('ORDER_CREATED'),
    paid_at: lastOf('ORDER_PAID'),
    shipped_at: lastOf('ORDER_SHIPPED'),
    delivered_at: lastOf('ORDER_DELIVERED'),
    cancelled_at: lastOf('ORDER_CANCELLED'),
    refunded_at: lastOf('ORDER_REFUNDED'),
    first_event_ts: sorted[0]!.event_ts,
    last_event_ts: sorted.at(-1)!.event_ts,
    version: applied.length,
    last_event_id: applied.at(-1)!.event_id,
    schema_version: 1,
  }
}

const T = Date.UTC(2026)
const hex = fc.constantFrom('0', '7', '8', '9', 'a', 'f')
/** Few, and such that they collide, tie, and differ in the sign bit of either half. */
const eventId = fc
  .tuple(hex, hex, hex)
  .map(([a, b, c]) => `${a}0000000-0000-4000-${b}000-00000000000${c}`)
const nullable = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null })
const customer = fc.constantFrom('c-1', 'c-2', 'c-\u00fc')
// far above the contract's bound too, so that sums reach 2^53-1
const amount = fc.constantFrom(0, 1, 700, 1e12, 2 ** 52, Number.MAX_SAFE_INTEGER)
const plain = { noNullPrototype: true }
const item = fc.record(
  {
    sku: fc.constantFrom('a', 'b'),
    quantity: fc.integer({ min: 1, max: 3 }),
    unit_amount: fc.integer({ min: 0, max: 9 }),
  },
  plain,
)
const items = fc.array(item, { maxLength: 3 })
const shipping = fc.integer({ min: 0, max: 2 })

const body = fc.oneof(
  of('ORDER_CREATED', {
    customer_id: customer,
    currency: fc.constantFrom('EUR', 'USD'),
    items,
    shipping_amount: shipping,
  }),
  of('ORDER_UPDATED', {
    customer_id: nullable(customer),
    items: nullable(items),
    shipping_amount: nullable(shipping),
  }),
  of('ORDER_PAID', { payment_id: fc.constant('p'), amount, method: fc.constant('card') }),
  of('ORDER_SHIPPED', { carrier: fc.constant(null), tracking_number: fc.constant(null) }),
  of('ORDER_DELIVERED', { signed_by: fc.constant(null) }),
  of('ORDER_CANCELLED', { reason: fc.constant('') }),
  of('ORDER_REFUNDED', { refund_id: fc.constant('r'), amount, reason: fc.constant(null) }),
)

function of<P>(
  event_type: OrderEvent['event_type'],
  payload: { [K in keyof P]: fc.Arbitrary<P[K]> },
) {
  return fc.record({
    event_type: fc.constant(event_type),
    payload: fc.record(payload, plain),
  })
}

/** One event of order o-1, out of few ids and times. */
export const anyEvent: fc.Arbitrary<OrderEvent> = fc
  .tuple(eventId, fc.integer({ min: 0, max: 3 }), body)
  .map(
    ([event_id, ms, { event_type, payload }]) =>
      ({
        event_id,
        event_type,
        event_ts: T + ms,
        order_id: 'o-1',
        payload,
        schema_version: 1,
      }) as OrderEvent,
  )

/** Events as they may lie in raw: ids repeat, with other content as well. */
export const anyLog = fc.array(anyEvent, { minLength: 1, maxLength: 30 })

/** Events of which each id has one content. */
export const distinctEvents = fc.uniqueArray(anyEvent, {
  minLength: 1,
  maxLength: 15,
  selector: (e) => e.event_id,
})
