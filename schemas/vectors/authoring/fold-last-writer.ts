import type { OrderEvent } from '../../src/event.ts'
import type { CuratedOrder, Status } from '../../src/curated.ts'
import type { Vector } from '../index.ts'
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

/** What `created` sets, unless told otherwise. */
const createdRow = (n: number) =>
  ({
    status: 'CREATED',
    customer_id: 'c-1',
    currency: 'EUR',
    item_count: 3,
    items_amount: 2_500,
    shipping_amount: 500,
    total_amount: 3_000,
    created_at: t(n),
    ...ends(n),
  }) as const

/** Event ids of which the second is greater, each for a way of comparing them wrongly. */
const ID_PAIRS = [
  [
    'in the last digit',
    '11111111-1111-4111-8111-111111111111',
    '11111111-1111-4111-8111-111111111112',
  ],
  [
    'a digit before a letter',
    '11111111-1111-4111-8111-111111111119',
    '11111111-1111-4111-8111-11111111111a',
  ],
  [
    'the first digit decides',
    '1fffffff-ffff-4fff-bfff-ffffffffffff',
    '20000000-0000-4000-8000-000000000000',
  ],
  [
    'the sign bit of the first half',
    '7fffffff-ffff-4fff-8fff-ffffffffffff',
    '80000000-0000-4000-8000-000000000000',
  ],
  [
    'the sign bit of the second half',
    '11111111-1111-4111-7111-111111111111',
    '11111111-1111-4111-8111-111111111111',
  ],
  [
    'the lowest and the highest id there is',
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
  ],
] as const

const idTies: Vector[] = ID_PAIRS.flatMap(([how, low, high]) => [
  vector(
    `equal time and type, the greater event_id arrives last: ${how}`,
    rule.LAST_WRITER,
    applied(updated(low, t(0), { customer_id: 'c-low' }), { customer_id: 'c-low', ...ends(0) }),
    applied(updated(high, t(0), { customer_id: 'c-high' }), { customer_id: 'c-high' }),
  ),
  vector(
    `equal time and type, the greater event_id arrives first: ${how}`,
    rule.LAST_WRITER,
    applied(updated(high, t(0), { customer_id: 'c-high' }), { customer_id: 'c-high', ...ends(0) }),
    applied(updated(low, t(0), { customer_id: 'c-low' }), {}),
  ),
])

/** Neighbours by rank among the types that set status, with the row's part that each sets. */
const LIFE: readonly [
  Status,
  (id: number, ts: number) => OrderEvent,
  (n: number) => Partial<CuratedOrder>,
][] = [
  [
    'CREATED',
    created,
    (n) => {
      const { status: _, first_event_ts: _f, last_event_ts: _l, ...set } = createdRow(n)
      return set
    },
  ],
  ['PAID', paid, (n) => ({ paid_amount: 3_000, paid_at: t(n) })],
  ['SHIPPED', shipped, (n) => ({ shipped_at: t(n) })],
  ['DELIVERED', delivered, (n) => ({ delivered_at: t(n) })],
  ['CANCELLED', cancelled, (n) => ({ cancelled_at: t(n) })],
  ['REFUNDED', refunded, (n) => ({ refunded_amount: 3_000, refunded_at: t(n) })],
]

const rankTies: Vector[] = LIFE.slice(1).flatMap(([high, highEvent, highSets], i) => {
  const [low, lowEvent, lowSets] = LIFE[i]!
  return [
    vector(
      `equal time: ${high} outranks ${low}, which arrived first and has the greater id`,
      rule.LAST_WRITER,
      applied(lowEvent(9, t(0)), { status: low, ...lowSets(0), ...ends(0) }),
      applied(highEvent(1, t(0)), { status: high, ...highSets(0) }),
    ),
    vector(
      `equal time: ${high} outranks ${low}, which arrives last and has the greater id`,
      rule.LAST_WRITER,
      applied(highEvent(1, t(0)), { status: high, ...highSets(0), ...ends(0) }),
      applied(lowEvent(9, t(0)), lowSets(0)),
    ),
    vector(
      `a later ${low} beats an earlier ${high} of higher rank`,
      rule.LAST_WRITER,
      applied(lowEvent(1, t(1)), { status: low, ...lowSets(1), ...ends(1) }),
      applied(highEvent(9, t(0)), { ...highSets(0), first_event_ts: t(0) }),
    ),
  ]
})

const latest: Vector[] = LIFE.map(([status, event, sets]) => {
  const { paid_amount, refunded_amount, ...rest } = {
    paid_amount: 0,
    refunded_amount: 0,
    ...sets(1),
  }
  const sums = (n: number) => ({
    paid_amount: paid_amount * n,
    refunded_amount: refunded_amount * n,
  })
  const at = Object.keys(rest).find((name) => name.endsWith('_at'))!
  return vector(
    `the greatest ${at} stays: earlier, later and equal events of the type`,
    rule.AT,
    applied(event(5, t(1)), { status, ...rest, ...sums(1), ...ends(1) }),
    applied(event(6, t(0)), { ...sums(2), first_event_ts: t(0) }),
    applied(event(4, t(2)), { ...sums(3), [at]: t(2), last_event_ts: t(2) }),
    applied(event(3, t(2)), sums(4)),
  )
})

const facts: Vector[] = [
  vector(
    'a later ORDER_CREATED replaces every fact',
    rule.LAST_WRITER,
    applied(created(1, t(0)), createdRow(0)),
    applied(
      created(2, t(1), {
        customer_id: 'c-2',
        currency: 'USD',
        items: [item('sku-c', 1, 40)],
        shipping_amount: 2,
      }),
      {
        customer_id: 'c-2',
        currency: 'USD',
        item_count: 1,
        items_amount: 40,
        shipping_amount: 2,
        total_amount: 42,
        created_at: t(1),
        last_event_ts: t(1),
      },
    ),
  ),
  vector(
    'an earlier ORDER_CREATED that arrives late replaces no fact',
    rule.LAST_WRITER,
    applied(created(1, t(1)), createdRow(1)),
    applied(
      created(2, t(0), { customer_id: 'c-2', currency: 'USD', items: [], shipping_amount: 2 }),
      {
        first_event_ts: t(0),
      },
    ),
  ),
  vector(
    'two ORDER_CREATED of equal time: the greater id, arriving last, sets every fact',
    rule.LAST_WRITER,
    applied(created(1, t(0)), createdRow(0)),
    applied(
      created(2, t(0), { customer_id: 'c-2', currency: 'USD', items: [], shipping_amount: 2 }),
      {
        customer_id: 'c-2',
        currency: 'USD',
        item_count: 0,
        items_amount: 0,
        shipping_amount: 2,
        total_amount: 2,
      },
    ),
  ),
  vector(
    'two ORDER_CREATED of equal time: the greater id, arriving first, keeps every fact',
    rule.LAST_WRITER,
    applied(created(2, t(0)), createdRow(0)),
    applied(
      created(1, t(0), { customer_id: 'c-2', currency: 'USD', items: [], shipping_amount: 2 }),
      {},
    ),
  ),
  vector(
    'two ORDER_UPDATED of equal time: the greater id wins items and shipping_amount',
    rule.LAST_WRITER,
    applied(updated(2, t(0), { items: [item('sku-a', 2, 10)], shipping_amount: 5 }), {
      item_count: 2,
      items_amount: 20,
      shipping_amount: 5,
      total_amount: 25,
      ...ends(0),
    }),
    applied(updated(1, t(0), { items: [item('sku-a', 3, 10)], shipping_amount: 6 }), {}),
    applied(updated(3, t(0), { items: [item('sku-a', 4, 10)], shipping_amount: 7 }), {
      item_count: 4,
      items_amount: 40,
      shipping_amount: 7,
      total_amount: 47,
    }),
  ),
  vector(
    'at equal time ORDER_UPDATED outranks ORDER_CREATED, which arrived first and has the greater id',
    rule.LAST_WRITER,
    applied(created(9, t(0)), createdRow(0)),
    applied(updated(1, t(0), { customer_id: 'c-2', items: [], shipping_amount: 7 }), {
      customer_id: 'c-2',
      item_count: 0,
      items_amount: 0,
      shipping_amount: 7,
      total_amount: 7,
    }),
  ),
  vector(
    'at equal time ORDER_UPDATED outranks ORDER_CREATED, which arrives last and has the greater id',
    rule.LAST_WRITER,
    applied(updated(1, t(0), { customer_id: 'c-2', items: [], shipping_amount: 7 }), {
      customer_id: 'c-2',
      item_count: 0,
      items_amount: 0,
      shipping_amount: 7,
      total_amount: 7,
      ...ends(0),
    }),
    applied(created(9, t(0)), { status: 'CREATED', currency: 'EUR', created_at: t(0) }),
  ),
  vector(
    'an ORDER_UPDATED dated before ORDER_CREATED changes no fact',
    rule.LAST_WRITER,
    applied(created(1, t(1)), createdRow(1)),
    applied(updated(9, t(0), { customer_id: 'c-2', items: [], shipping_amount: 7 }), {
      first_event_ts: t(0),
    }),
  ),
  vector(
    'an ORDER_CREATED dated after an ORDER_UPDATED takes its facts back',
    rule.LAST_WRITER,
    applied(updated(9, t(0), { customer_id: 'c-2', items: [], shipping_amount: 7 }), {
      customer_id: 'c-2',
      item_count: 0,
      items_amount: 0,
      shipping_amount: 7,
      total_amount: 7,
      ...ends(0),
    }),
    applied(created(1, t(1)), { ...createdRow(1), first_event_ts: t(0) }),
  ),
  vector(
    'each fact has its own writer: customer, items and shipping of three updates',
    rule.LAST_WRITER,
    applied(created(1, t(0)), createdRow(0)),
    applied(updated(2, t(3), { customer_id: 'c-3' }), { customer_id: 'c-3', last_event_ts: t(3) }),
    applied(updated(3, t(2), { customer_id: 'c-2', items: [item('sku-c', 5, 10)] }), {
      item_count: 5,
      items_amount: 50,
      total_amount: 550,
    }),
    applied(updated(4, t(1), { customer_id: 'c-4', items: [], shipping_amount: 9 }), {
      shipping_amount: 9,
      total_amount: 59,
    }),
  ),
  vector(
    'null leaves the fact, and its time, as they were',
    rule.NULL_UNCHANGED,
    applied(created(1, t(0)), createdRow(0)),
    applied(updated(2, t(9)), { last_event_ts: t(9) }),
    applied(updated(3, t(5), { customer_id: 'c-2', shipping_amount: 7 }), {
      customer_id: 'c-2',
      shipping_amount: 7,
      total_amount: 2_507,
    }),
    applied(updated(4, t(4), { items: [], shipping_amount: 8 }), {
      item_count: 0,
      items_amount: 0,
      total_amount: 7,
    }),
  ),
  vector(
    'ORDER_UPDATED sets neither status nor currency nor created_at',
    rule.STATUS,
    applied(created(1, t(0)), createdRow(0)),
    applied(paid(2, t(1)), {
      status: 'PAID',
      paid_amount: 3_000,
      paid_at: t(1),
      last_event_ts: t(1),
    }),
    applied(updated(3, t(2), { customer_id: 'c-2' }), {
      customer_id: 'c-2',
      last_event_ts: t(2),
    }),
    applied(shipped(4, t(1) + 1), { status: 'SHIPPED', shipped_at: t(1) + 1 }),
  ),
  vector(
    'items are replaced as a whole, and may become empty',
    rule.EMPTY_ITEMS,
    applied(created(1, t(0)), createdRow(0)),
    applied(updated(2, t(1), { items: [item('sku-z', 7, 3)] }), {
      item_count: 7,
      items_amount: 21,
      total_amount: 521,
      last_event_ts: t(1),
    }),
    applied(updated(3, t(2), { items: [] }), {
      item_count: 0,
      items_amount: 0,
      total_amount: 500,
      last_event_ts: t(2),
    }),
  ),
  vector(
    'one millisecond decides',
    rule.LAST_WRITER,
    applied(cancelled(1, t(0)), { status: 'CANCELLED', cancelled_at: t(0), ...ends(0) }),
    applied(created(2, t(0) + 1), {
      ...createdRow(0),
      created_at: t(0) + 1,
      last_event_ts: t(0) + 1,
    }),
    applied(refunded(3, t(0) - 1), {
      refunded_amount: 3_000,
      refunded_at: t(0) - 1,
      first_event_ts: t(0) - 1,
    }),
  ),
  vector(
    'times further apart than 32 bits of milliseconds',
    rule.LAST_WRITER,
    applied(paid(1, 4_000_000_000_000), {
      status: 'PAID',
      paid_amount: 3_000,
      paid_at: 4_000_000_000_000,
      first_event_ts: 4_000_000_000_000,
      last_event_ts: 4_000_000_000_000,
    }),
    applied(cancelled(2, 1_000_000_000_000), {
      cancelled_at: 1_000_000_000_000,
      first_event_ts: 1_000_000_000_000,
    }),
  ),
]

/** Who sets a fact when several events do. */
export const lastWriter = [...facts, ...rankTies, ...idTies, ...latest]
