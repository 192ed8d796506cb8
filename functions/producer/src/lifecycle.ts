import type { Item, OrderEvent, OrderUpdated } from '@order-up/schemas'
import type { Random } from './random.ts'

type StepOf<E> = E extends OrderEvent ? Pick<E, 'event_type' | 'payload'> : never
/** What will happen to an order; id and time are given when it does. */
export type Step = StepOf<OrderEvent>

/** Currencies with a typical price in minor units (yen have none smaller). */
const CURRENCIES = [
  { currency: 'EUR', price: 4_500 },
  { currency: 'EUR', price: 2_000 },
  { currency: 'USD', price: 5_000 },
  { currency: 'USD', price: 2_500 },
  { currency: 'GBP', price: 4_000 },
  { currency: 'BRL', price: 12_000 },
  { currency: 'JPY', price: 6_000 },
] as const
const METHODS = ['card', 'card', 'card', 'wallet', 'bank_transfer', 'voucher'] as const
const CARRIERS = ['DHL', 'UPS', 'FedEx', 'DPD', null] as const
const CANCELLATIONS = ['customer request', 'out of stock', 'payment failed', 'fraud suspected']
const REFUNDS = ['damaged', 'returned', 'late delivery', null]

/**
 * All that will happen to one order, in lifecycle order.
 * @param length exactly so many events (1 = only ORDER_CREATED), for benchmarks; absent = as life goes: mostly
 * created, paid, shipped, delivered, with updates, cancellations and refunds between
 */
export function planOrder(random: Random, length?: number): Step[] {
  const { currency, price } = random.pick(CURRENCIES)
  let items = someItems(random, price)
  let shipping = random.below(price)
  const steps: Step[] = [
    {
      event_type: 'ORDER_CREATED',
      payload: { customer_id: `c_${random.hex(2)}`, currency, items, shipping_amount: shipping },
    },
  ]
  const update = () => {
    const payload: OrderUpdated = { customer_id: null, items: null, shipping_amount: null }
    if (random.chance(0.6)) payload.items = items = someItems(random, price)
    else payload.shipping_amount = shipping = random.below(price)
    steps.push({ event_type: 'ORDER_UPDATED', payload })
  }
  const pay = () => {
    const payload = {
      payment_id: `p_${random.hex(2)}`,
      amount: total(items) + shipping,
      method: random.pick(METHODS),
    }
    steps.push({ event_type: 'ORDER_PAID', payload })
  }
  const ship = () => {
    const payload = { carrier: random.pick(CARRIERS), tracking_number: random.hex(2) }
    steps.push({ event_type: 'ORDER_SHIPPED', payload })
  }
  const deliver = () => {
    const signed_by = random.chance(0.3) ? `n_${random.hex(1)}` : null
    steps.push({ event_type: 'ORDER_DELIVERED', payload: { signed_by } })
  }
  const cancel = () =>
    steps.push({ event_type: 'ORDER_CANCELLED', payload: { reason: random.pick(CANCELLATIONS) } })
  const refund = (amount: number) => {
    const payload = { refund_id: `r_${random.hex(2)}`, amount, reason: random.pick(REFUNDS) }
    steps.push({ event_type: 'ORDER_REFUNDED', payload })
  }

  if (length !== undefined) {
    while (steps.length < length - 3) update()
    for (const next of [pay, ship, deliver]) if (steps.length < length) next()
    return steps
  }
  while (random.chance(0.25)) update()
  if (random.chance(0.05)) {
    cancel()
    return steps
  }
  pay()
  if (random.chance(0.04)) {
    cancel()
    refund(total(items) + shipping)
    return steps
  }
  if (random.chance(0.05)) update()
  ship()
  deliver()
  if (random.chance(0.06)) refund(random.below(total(items)) + 1)
  return steps
}

function someItems(random: Random, price: number): Item[] {
  const items: Item[] = []
  do {
    items.push({
      sku: `sku-${10_000 + random.below(5_000)}`,
      quantity: random.chance(0.8) ? 1 : 2 + random.below(4),
      unit_amount: Math.ceil(price / 10) + random.below(2 * price),
    })
  } while (random.chance(0.4))
  return items
}

const total = (items: readonly Item[]) =>
  items.reduce((sum, { quantity, unit_amount }) => sum + quantity * unit_amount, 0)
