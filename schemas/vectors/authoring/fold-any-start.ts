import {
  cancelled,
  created,
  delivered,
  item,
  paid,
  refunded,
  shipped,
  t,
  updated,
} from './events.ts'
import * as rule from './rules.ts'
import { applied, vector } from './steps.ts'

const ends = (n: number) => ({ first_event_ts: t(n), last_event_ts: t(n) })

/** What is known after which event, from the first one on. */
export const anyStart = [
  vector(
    'an order starts with ORDER_CREATED',
    rule.ANY_START,
    applied(created(1, t(0)), {
      status: 'CREATED',
      customer_id: 'c-1',
      currency: 'EUR',
      item_count: 3,
      items_amount: 2_500,
      shipping_amount: 500,
      total_amount: 3_000,
      created_at: t(0),
      ...ends(0),
    }),
  ),
  vector(
    'an order starts with an ORDER_UPDATED that says nothing',
    rule.ANY_START,
    applied(updated(1, t(0)), { status: 'UNKNOWN', ...ends(0) }),
  ),
  vector(
    'an order starts with an ORDER_UPDATED that says everything it can: status and currency stay unknown',
    rule.ANY_START,
    applied(
      updated(1, t(0), {
        customer_id: 'c-9',
        items: [item('sku-a', 4, 250)],
        shipping_amount: 70,
      }),
      {
        customer_id: 'c-9',
        item_count: 4,
        items_amount: 1_000,
        shipping_amount: 70,
        total_amount: 1_070,
        ...ends(0),
      },
    ),
  ),
  vector(
    'an order starts with ORDER_PAID',
    rule.ANY_START,
    applied(paid(1, t(0)), { status: 'PAID', paid_amount: 3_000, paid_at: t(0), ...ends(0) }),
  ),
  vector(
    'an order starts with ORDER_SHIPPED',
    rule.ANY_START,
    applied(shipped(1, t(0)), { status: 'SHIPPED', shipped_at: t(0), ...ends(0) }),
  ),
  vector(
    'an order starts with ORDER_DELIVERED',
    rule.ANY_START,
    applied(delivered(1, t(0)), { status: 'DELIVERED', delivered_at: t(0), ...ends(0) }),
  ),
  vector(
    'an order starts with ORDER_CANCELLED',
    rule.ANY_START,
    applied(cancelled(1, t(0)), { status: 'CANCELLED', cancelled_at: t(0), ...ends(0) }),
  ),
  vector(
    'an order starts with ORDER_REFUNDED',
    rule.ANY_START,
    applied(refunded(1, t(0)), {
      status: 'REFUNDED',
      refunded_amount: 3_000,
      refunded_at: t(0),
      ...ends(0),
    }),
  ),
  vector(
    'optional fields of shipped, delivered and refunded may be null',
    rule.ANY_START,
    applied(shipped(1, t(0), { carrier: null, tracking_number: null }), {
      status: 'SHIPPED',
      shipped_at: t(0),
      ...ends(0),
    }),
    applied(delivered(2, t(1), { signed_by: null }), {
      status: 'DELIVERED',
      delivered_at: t(1),
      last_event_ts: t(1),
    }),
    applied(refunded(3, t(2), { reason: null }), {
      status: 'REFUNDED',
      refunded_amount: 3_000,
      refunded_at: t(2),
      last_event_ts: t(2),
    }),
  ),
  vector(
    'a life in order: created, updated, paid, shipped, delivered, refunded',
    rule.VERSION,
    applied(created(1, t(0)), {
      status: 'CREATED',
      customer_id: 'c-1',
      currency: 'EUR',
      item_count: 3,
      items_amount: 2_500,
      shipping_amount: 500,
      total_amount: 3_000,
      created_at: t(0),
      ...ends(0),
    }),
    applied(updated(2, t(1), { shipping_amount: 0 }), {
      shipping_amount: 0,
      total_amount: 2_500,
      last_event_ts: t(1),
    }),
    applied(paid(3, t(2), { amount: 2_500 }), {
      status: 'PAID',
      paid_amount: 2_500,
      paid_at: t(2),
      last_event_ts: t(2),
    }),
    applied(shipped(4, t(3)), { status: 'SHIPPED', shipped_at: t(3), last_event_ts: t(3) }),
    applied(delivered(5, t(4)), { status: 'DELIVERED', delivered_at: t(4), last_event_ts: t(4) }),
    applied(refunded(6, t(5), { amount: 500 }), {
      status: 'REFUNDED',
      refunded_amount: 500,
      refunded_at: t(5),
      last_event_ts: t(5),
    }),
  ),
  vector(
    'the same life backwards: every event counts, the last row differs in last_event_id alone',
    rule.ENDS,
    applied(refunded(6, t(5), { amount: 500 }), {
      status: 'REFUNDED',
      refunded_amount: 500,
      refunded_at: t(5),
      ...ends(5),
    }),
    applied(delivered(5, t(4)), { delivered_at: t(4), first_event_ts: t(4) }),
    applied(shipped(4, t(3)), { shipped_at: t(3), first_event_ts: t(3) }),
    applied(paid(3, t(2), { amount: 2_500 }), {
      paid_amount: 2_500,
      paid_at: t(2),
      first_event_ts: t(2),
    }),
    applied(updated(2, t(1), { shipping_amount: 0 }), {
      shipping_amount: 0,
      total_amount: 0,
      first_event_ts: t(1),
    }),
    applied(created(1, t(0)), {
      customer_id: 'c-1',
      currency: 'EUR',
      item_count: 3,
      items_amount: 2_500,
      total_amount: 2_500,
      created_at: t(0),
      first_event_ts: t(0),
    }),
  ),
  vector(
    'a payment dated after a cancellation shows PAID with cancelled_at set',
    rule.LAST_HAPPENED,
    applied(cancelled(1, t(1)), { status: 'CANCELLED', cancelled_at: t(1), ...ends(1) }),
    applied(paid(2, t(2)), {
      status: 'PAID',
      paid_amount: 3_000,
      paid_at: t(2),
      last_event_ts: t(2),
    }),
  ),
  vector(
    'a payment dated before a cancellation and read after it leaves CANCELLED',
    rule.LAST_HAPPENED,
    applied(cancelled(1, t(2)), { status: 'CANCELLED', cancelled_at: t(2), ...ends(2) }),
    applied(paid(2, t(1)), { paid_amount: 3_000, paid_at: t(1), first_event_ts: t(1) }),
  ),
  vector(
    'a refund of one cent shows REFUNDED',
    rule.LAST_HAPPENED,
    applied(paid(1, t(0)), { status: 'PAID', paid_amount: 3_000, paid_at: t(0), ...ends(0) }),
    applied(refunded(2, t(1), { amount: 1 }), {
      status: 'REFUNDED',
      refunded_amount: 1,
      refunded_at: t(1),
      last_event_ts: t(1),
    }),
  ),
  vector(
    'total_amount is the shipping alone while the items are unknown',
    rule.TOTAL,
    applied(updated(1, t(0), { shipping_amount: 70 }), {
      shipping_amount: 70,
      total_amount: 70,
      ...ends(0),
    }),
  ),
  vector(
    'total_amount is the items alone while the shipping is unknown',
    rule.TOTAL,
    applied(updated(1, t(0), { items: [item('sku-a', 3, 50)] }), {
      item_count: 3,
      items_amount: 150,
      total_amount: 150,
      ...ends(0),
    }),
  ),
  vector(
    'total_amount follows when the other part becomes known',
    rule.TOTAL,
    applied(paid(1, t(0)), { status: 'PAID', paid_amount: 3_000, paid_at: t(0), ...ends(0) }),
    applied(updated(2, t(1), { shipping_amount: 70 }), {
      shipping_amount: 70,
      total_amount: 70,
      last_event_ts: t(1),
    }),
    applied(updated(3, t(2), { items: [item('sku-a', 3, 50)] }), {
      item_count: 3,
      items_amount: 150,
      total_amount: 220,
      last_event_ts: t(2),
    }),
  ),
  vector(
    'a shipping amount of 0 is known: total_amount is 0, not null',
    rule.TOTAL,
    applied(updated(1, t(0), { shipping_amount: 0 }), {
      shipping_amount: 0,
      total_amount: 0,
      ...ends(0),
    }),
  ),
  vector(
    'empty items are known: 0 pieces for 0, not null',
    rule.EMPTY_ITEMS,
    applied(updated(1, t(0), { items: [] }), {
      item_count: 0,
      items_amount: 0,
      total_amount: 0,
      ...ends(0),
    }),
  ),
  vector(
    'an order created with no items',
    rule.EMPTY_ITEMS,
    applied(created(1, t(0), { items: [] }), {
      status: 'CREATED',
      customer_id: 'c-1',
      currency: 'EUR',
      item_count: 0,
      items_amount: 0,
      shipping_amount: 500,
      total_amount: 500,
      created_at: t(0),
      ...ends(0),
    }),
  ),
  vector(
    'the same sku twice is two items',
    rule.EMPTY_ITEMS,
    applied(updated(1, t(0), { items: [item('sku-a', 2, 50), item('sku-a', 1, 40)] }), {
      item_count: 3,
      items_amount: 140,
      total_amount: 140,
      ...ends(0),
    }),
  ),
]
