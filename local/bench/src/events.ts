import type { OrderEvent } from '@order-up/schemas'

const hex = (n: number, digits: number) => n.toString(16).padStart(digits, '0')

/** The id of the nth order: spread over the key space, as random ids are. */
export const orderId = (n: number) => {
  const spread = Math.imul(n, 0x9e3779b1) >>> 0
  return `${hex(spread, 8)}-0000-4000-8000-${hex(n, 12)}`
}

/** @param n which order @param id unique among all events of the run, below 2^48 */
export const created = (n: number, id: number): OrderEvent => ({
  event_id: `00000001-0000-4000-8000-${hex(id, 12)}`,
  event_type: 'ORDER_CREATED',
  event_ts: Date.UTC(2026) + id,
  order_id: orderId(n),
  payload: {
    customer_id: `c-${hex(n % 1_000_000, 8)}`,
    currency: 'EUR',
    items: [{ sku: `sku-${n % 5_000}`, quantity: 1 + (n % 3), unit_amount: 1_999 }],
    shipping_amount: 499,
  },
  schema_version: 1,
})

/** Of some 36 characters each, as many ids are. */
const itemsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    sku: `sku-${hex(i, 32)}`,
    quantity: 1,
    unit_amount: 1_999,
  }))
const itemLists = new Map<number, ReturnType<typeof itemsOf>>()

/** @param items how many: each is some 40 bytes */
export const updated = (n: number, id: number, items: number): OrderEvent => {
  if (!itemLists.has(items)) itemLists.set(items, itemsOf(items))
  return {
    event_id: `00000003-0000-4000-8000-${hex(id, 12)}`,
    event_type: 'ORDER_UPDATED',
    event_ts: Date.UTC(2026) + id,
    order_id: orderId(n),
    payload: { customer_id: null, items: itemLists.get(items)!, shipping_amount: null },
    schema_version: 1,
  }
}

export const paid = (n: number, id: number): OrderEvent => ({
  event_id: `00000002-0000-4000-8000-${hex(id, 12)}`,
  event_type: 'ORDER_PAID',
  event_ts: Date.UTC(2026) + id,
  order_id: orderId(n),
  payload: { payment_id: `p-${hex(id, 8)}`, amount: 2_498, method: 'card' },
  schema_version: 1,
})
