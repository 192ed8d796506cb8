import { created, item, paid, refunded, t, updated } from './events.ts'
import * as rule from './rules.ts'
import { applied, duplicate, vector } from './steps.ts'

const TRILLION = 1_000_000_000_000
const MAX_SUM = 9_007_199_254_740_991

const ends = (n: number) => ({ first_event_ts: t(n), last_event_ts: t(n) })
const firstPaid = (amount: number) =>
  ({ status: 'PAID', paid_amount: amount, paid_at: t(0), ...ends(0) }) as const
const firstRefunded = (amount: number) =>
  ({ status: 'REFUNDED', refunded_amount: amount, refunded_at: t(0), ...ends(0) }) as const

/** Money that adds up, to its limits. */
export const sums = [
  vector(
    'payments add, in whatever order',
    rule.SUMS,
    applied(paid(1, t(0), { amount: 1_000 }), firstPaid(1_000)),
    applied(paid(2, t(2), { amount: 200 }), {
      paid_amount: 1_200,
      paid_at: t(2),
      last_event_ts: t(2),
    }),
    applied(paid(3, t(1), { amount: 30 }), { paid_amount: 1_230 }),
  ),
  vector(
    'the same payment_id under two event ids is two payments',
    rule.SUMS,
    applied(paid(1, t(0), { payment_id: 'p-1', amount: 1_000 }), firstPaid(1_000)),
    applied(paid(2, t(0), { payment_id: 'p-1', amount: 1_000 }), { paid_amount: 2_000 }),
  ),
  vector(
    'refunds add, and leave the payments as they are',
    rule.SUMS,
    applied(paid(1, t(0), { amount: 1_000 }), firstPaid(1_000)),
    applied(refunded(2, t(1), { amount: 400 }), {
      status: 'REFUNDED',
      refunded_amount: 400,
      refunded_at: t(1),
      last_event_ts: t(1),
    }),
    applied(refunded(3, t(2), { amount: 900 }), {
      refunded_amount: 1_300,
      refunded_at: t(2),
      last_event_ts: t(2),
    }),
  ),
  vector(
    'a payment dated before a refund and read after it still counts',
    rule.SUMS,
    applied(refunded(1, t(0), { amount: 400 }), firstRefunded(400)),
    applied(paid(2, t(-1), { amount: 1_000 }), {
      paid_amount: 1_000,
      paid_at: t(-1),
      first_event_ts: t(-1),
    }),
  ),
  vector(
    'a payment of 0 is a payment',
    rule.SUMS,
    applied(paid(1, t(0), { amount: 0 }), firstPaid(0)),
  ),
  vector(
    'a payment of 10^12, and a sum beyond 32 bits',
    rule.SUMS,
    applied(paid(1, t(0), { amount: TRILLION }), firstPaid(TRILLION)),
    applied(paid(2, t(0), { amount: TRILLION }), { paid_amount: 2 * TRILLION }),
  ),
  vector(
    'paid_amount reaches 2^53-1 exactly, and stops there',
    rule.SUMS,
    applied(
      paid(0, t(0), { amount: TRILLION }),
      { ...firstPaid(9_007_000_000_000_000), version: 9_007 },
      { times: 9_007 },
    ),
    applied(paid('00000000-0000-4000-8000-a00000000001', t(0), { amount: 199_254_740_991 }), {
      paid_amount: MAX_SUM,
    }),
    applied(paid('00000000-0000-4000-8000-a00000000002', t(0), { amount: 1 }), {
      paid_amount: MAX_SUM,
    }),
    applied(paid('00000000-0000-4000-8000-a00000000003', t(0), { amount: TRILLION }), {
      paid_amount: MAX_SUM,
    }),
    duplicate(paid(17, t(0), { amount: TRILLION })),
    applied(refunded('00000000-0000-4000-8000-a00000000004', t(1), { amount: 5 }), {
      status: 'REFUNDED',
      refunded_amount: 5,
      refunded_at: t(1),
      last_event_ts: t(1),
    }),
  ),
  vector(
    'refunded_amount steps over 2^53-1 and stops at it',
    rule.SUMS,
    applied(
      refunded(0, t(0), { amount: TRILLION }),
      { ...firstRefunded(9_007_000_000_000_000), version: 9_007 },
      { times: 9_007 },
    ),
    applied(refunded('00000000-0000-4000-8000-a00000000001', t(0), { amount: 199_254_740_990 }), {
      refunded_amount: 9_007_199_254_740_990,
    }),
    applied(refunded('00000000-0000-4000-8000-a00000000002', t(0), { amount: 2 }), {
      refunded_amount: MAX_SUM,
    }),
  ),
  vector(
    'the largest total: items of 10^12 and shipping of 10^12',
    rule.TOTAL,
    applied(
      created(1, t(0), {
        items: [item('sku-a', 1_000_000, 1_000_000)],
        shipping_amount: TRILLION,
      }),
      {
        status: 'CREATED',
        customer_id: 'c-1',
        currency: 'EUR',
        item_count: 1_000_000,
        items_amount: TRILLION,
        shipping_amount: TRILLION,
        total_amount: 2 * TRILLION,
        created_at: t(0),
        ...ends(0),
      },
    ),
  ),
  vector(
    'item_count of 2^31-1',
    'item_count: sum of quantities.',
    applied(
      updated(1, t(0), {
        items: [
          ...Array.from({ length: 2_147 }, () => item('a', 1_000_000, 0)),
          item('a', 483_647, 1),
        ],
      }),
      { item_count: 2_147_483_647, items_amount: 483_647, total_amount: 483_647, ...ends(0) },
      { note: 'ORDER_UPDATED with 2,147 items of quantity 10^6 at 0, and one of 483,647 at 1' },
    ),
  ),
  vector(
    'the extreme times: the first and the last millisecond of the years 2000-2099',
    rule.ENDS,
    applied(paid(1, 4_102_444_799_999), {
      status: 'PAID',
      paid_amount: 3_000,
      paid_at: 4_102_444_799_999,
      first_event_ts: 4_102_444_799_999,
      last_event_ts: 4_102_444_799_999,
    }),
    applied(created(2, 946_684_800_000), {
      customer_id: 'c-1',
      currency: 'EUR',
      item_count: 3,
      items_amount: 2_500,
      shipping_amount: 500,
      total_amount: 3_000,
      created_at: 946_684_800_000,
      first_event_ts: 946_684_800_000,
    }),
  ),
]
