import type {
  EventType,
  Item,
  OrderCancelled,
  OrderCreated,
  OrderDelivered,
  OrderEvent,
  OrderPaid,
  OrderRefunded,
  OrderShipped,
  OrderUpdated,
} from '../../src/event.ts'

/** 2026-01-01T00:00:00Z, and `n` seconds after it. */
export const t = (n: number) => 1_767_225_600_000 + n * 1_000

/** An event id that ends in the digits of `n`. */
export const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** An id by number or in full. */
type Id = number | string

export const item = (sku: string, quantity: number, unit_amount: number): Item => ({
  sku,
  quantity,
  unit_amount,
})

function event<P>(event_type: EventType, defaults: P) {
  return (eventId: Id, event_ts: number, payload: Partial<P> = {}, order_id = 'o-1') =>
    ({
      event_id: typeof eventId === 'number' ? id(eventId) : eventId,
      event_type,
      event_ts,
      order_id,
      payload: { ...defaults, ...payload },
      schema_version: 1,
    }) as unknown as OrderEvent
}

/** 3 pieces for 25.00 and 5.00 of shipping, unless told. */
export const created = event<OrderCreated>('ORDER_CREATED', {
  customer_id: 'c-1',
  currency: 'EUR',
  items: [item('sku-a', 2, 1_000), item('sku-b', 1, 500)],
  shipping_amount: 500,
})
/** Changes nothing, unless told. */
export const updated = event<OrderUpdated>('ORDER_UPDATED', {
  customer_id: null,
  items: null,
  shipping_amount: null,
})
export const paid = event<OrderPaid>('ORDER_PAID', {
  payment_id: 'p-1',
  amount: 3_000,
  method: 'card',
})
export const shipped = event<OrderShipped>('ORDER_SHIPPED', {
  carrier: 'dhl',
  tracking_number: 'JD0001',
})
export const delivered = event<OrderDelivered>('ORDER_DELIVERED', { signed_by: 'Ada' })
export const cancelled = event<OrderCancelled>('ORDER_CANCELLED', { reason: 'customer asked' })
export const refunded = event<OrderRefunded>('ORDER_REFUNDED', {
  refund_id: 'r-1',
  amount: 3_000,
  reason: 'damaged',
})
