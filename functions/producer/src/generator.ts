import { partitionOf, type OrderEvent, type Reason } from '@order-up/schemas'
import { eventEncoder } from './event-encoder.ts'
import { planOrder, type Step } from './lifecycle.ts'
import { malform } from './malformed.ts'
import { createRandom, type Random } from './random.ts'
import type { RawMessage } from './send.ts'

export interface GeneratorOptions {
  /** decides everything but the times: ids, contents, order */
  seed: number
  /** how many orders to live through; Infinity = never ends */
  orders: number
  /** share of all records that repeat an earlier one, 0…1 */
  duplicates: number
  /** share of the well-formed events that come after a later event of their order; about half at most can */
  late: number
  /** share of all records that the contract rejects, 0…1 */
  malformed: number
  /** how many orders are under way at once */
  concurrent: number
  /** exactly so many events for each order, for benchmarks; absent = natural lifecycles of 4 or 5 */
  eventsPerOrder?: number | undefined
  /** of the raw topic */
  partitions: number
  /** of the raw schema */
  schemaId: number
}

export type Kind = 'event' | 'late' | 'duplicate' | 'malformed'

/** A record to send, and what an engine is to make of it. */
export interface Generated extends RawMessage {
  kind: Kind
  /** why a malformed one is rejected, else null */
  reason: Reason | null
}

export interface Generator {
  /**
   * The next record; null when every order is done.
   * @param now event time, epoch milliseconds
   */
  next(now: number): Generated | null
}

/** An order under way. */
interface Active {
  id: string
  key: Buffer
  partition: number
  steps: Step[]
  at: number
  /** overtaken by its successor, and the time at which it happened */
  held: { step: Step; ts: number } | null
}

const RECENT = 512
/** How long before its successor a late event may have happened. */
const LATE_MS = 5_000

/** Orders that live side by side, one event at a time. Pure: seed and times decide every byte. */
export function createGenerator(options: GeneratorOptions): Generator {
  const { orders, duplicates, late, malformed, concurrent, eventsPerOrder } = options
  const random = createRandom(options.seed)
  const active: Active[] = []
  const recent: Generated[] = []
  let started = 0
  let recentAt = 0
  let lateDue = 0
  const encodeEvent = eventEncoder(options.schemaId)

  function start(): Active {
    started += 1
    const id = random.hex(3)
    const key = Buffer.from(id)
    const partition = partitionOf(key, options.partitions)
    const steps = planOrder(random, eventsPerOrder)
    const order: Active = { id, key, partition, steps, at: 0, held: null }
    active.push(order)
    return order
  }

  /** Any order under way, or a new one where there is room. */
  function choose(): [Active, number] {
    const slots = Math.min(concurrent, active.length + orders - started)
    const slot = random.below(slots)
    return slot < active.length ? [active[slot]!, slot] : [start(), active.length - 1]
  }

  function encode(order: Active, step: Step, event_ts: number): Buffer {
    const event: OrderEvent = {
      event_id: random.uuid(),
      event_ts,
      order_id: order.id,
      schema_version: 1,
      ...step,
    }
    return encodeEvent(event)
  }

  function nextEvent(now: number): Generated {
    const [order, slot] = choose()
    lateDue += late
    let kind: Kind = 'event'
    let step = order.steps[order.at]!
    let ts = now
    if (order.held) {
      ;({ step, ts } = order.held)
      order.held = null
      order.at += 2
      kind = 'late'
    } else if (lateDue >= 1 && order.at + 1 < order.steps.length) {
      lateDue -= 1
      order.held = { step, ts: now - 1 - random.below(LATE_MS) }
      step = order.steps[order.at + 1]!
    } else {
      order.at += 1
    }
    if (order.at === order.steps.length) {
      const last = active.pop()!
      if (slot < active.length) active[slot] = last
    }
    const value = encode(order, step, ts)
    const generated: Generated = {
      key: order.key,
      value,
      partition: order.partition,
      kind,
      reason: null,
    }
    recent[recentAt++ % RECENT] = generated
    return generated
  }

  return {
    next(now) {
      if (active.length === 0 && started >= orders) return null
      const draw = random.uint32() / 0x1_0000_0000
      if (draw < malformed) return malformedRecord(random, active, now, options)
      if (draw < malformed + duplicates && recent.length > 0)
        return { ...random.pick(recent), kind: 'duplicate' }
      return nextEvent(now)
    },
  }
}

/** What a confused producer might send of an order under way. */
function malformedRecord(
  random: Random,
  active: readonly Active[],
  event_ts: number,
  options: GeneratorOptions,
): Generated {
  const order_id = active.length > 0 ? random.pick(active).id : random.hex(3)
  const [created] = planOrder(random, 1)
  if (created?.event_type !== 'ORDER_CREATED') throw new Error('an order begins with its creation')
  const event = { event_id: random.uuid(), event_ts, order_id, schema_version: 1, ...created }
  return { ...malform(random, event, options), kind: 'malformed' }
}
