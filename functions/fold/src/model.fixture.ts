import type { OrderEvent } from '@order-up/schemas'
import fc from 'fast-check'

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
