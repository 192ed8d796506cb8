import { EVENT_TYPES, type CuratedOrder, type OrderEvent } from '@order-up/schemas'

/**
 * What folds are measured by, in tests and by the conformance kit: the fold again, from the contract's sentences and with nothing of the fold's code: all events at once, sorted, and
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
