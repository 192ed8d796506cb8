import type { CuratedOrder } from '../../src/curated.ts'
import type { OrderEvent } from '../../src/event.ts'
import type { Reason } from '../../src/reasons.ts'
import type { Bytes, Step, Vector } from '../index.ts'
import { bodyOf, compact, type Overrides } from './avro.ts'
import { partitionByKafkajs } from './murmur2.ts'

/** How a step's record differs from the plain record of its event. */
export interface Placing {
  /** default: the order id */
  key?: Step['key']
  /** default: Kafka's for the key */
  partition?: number
  /** default 4 */
  partitions?: number
  /** default: the event, with the repo's own schema */
  value?: Step['value']
  schemaId?: 'known' | 'newer' | 'unknown'
  /** hand-made hex by field name; the step then shows no event */
  overrides?: Overrides
  /** the whole body in hex; the step then shows no event */
  avro?: string
  /** what the bytes are, where no event is shown */
  note?: string
  times?: number
}

interface Draft {
  order: string
  step: Omit<Step, 'expect'>
  expect: Expected
}
/** What changes in the row, or what else is expected. */
type Expected =
  | { changes: Partial<CuratedOrder>; eventId: string }
  | Exclude<Step['expect'], { row: CuratedOrder }>

function draft(event: OrderEvent, placing: Placing, expect: Expected): Draft {
  const { note, times } = placing
  const key = placing.key === undefined ? { utf8: event.order_id } : placing.key
  const partitions = placing.partitions ?? 4
  const step = {
    event: note === undefined ? event : null,
    ...(note === undefined ? {} : { note }),
    ...(times === undefined ? {} : { times }),
    key,
    partition: placing.partition ?? partitionByKafkajs(keyBytes(key), partitions),
    partitions,
    value: placing.value === undefined ? value(event, placing) : placing.value,
  }
  const handMade = placing.overrides ?? placing.avro ?? placing.value
  if (handMade !== undefined && note === undefined)
    throw new Error('say in a note what the hand-made bytes are')
  if (times !== undefined && !event.event_id.endsWith('-' + '0'.repeat(12)))
    throw new Error('what is repeated counts its ids from 0')
  return { order: event.order_id, step, expect }
}

function value(event: OrderEvent, { schemaId, overrides, avro }: Placing): Step['value'] {
  const body: Bytes = compact(avro ?? bodyOf(event, overrides))
  return { schema_id: schemaId ?? 'known', avro: body }
}

function keyBytes(key: Step['key']): Buffer {
  if (key === null) return Buffer.alloc(0)
  return 'utf8' in key ? Buffer.from(key.utf8) : Buffer.from(key.hex, 'hex')
}

/**
 * The event is applied. The row is that of the order's previous step with these changes; version + 1 and
 * last_event_id follow from being applied, everything else is said.
 */
export const applied = (event: OrderEvent, changes: Partial<CuratedOrder>, placing: Placing = {}) =>
  draft(event, placing, { changes, eventId: event.event_id })

export const duplicate = (event: OrderEvent, placing: Placing = {}) =>
  draft(event, placing, { duplicate: true })

export const rejected = (reason: Reason, event: OrderEvent, placing: Placing = {}) =>
  draft(event, placing, { rejected: reason })

export const stopped = (event: OrderEvent, placing: Placing) =>
  draft(event, placing, { stopped: 'newer_schema' })

const nothingKnown = (order_id: string): CuratedOrder => ({
  order_id,
  status: 'UNKNOWN',
  customer_id: null,
  currency: null,
  item_count: null,
  items_amount: null,
  shipping_amount: null,
  total_amount: null,
  paid_amount: 0,
  refunded_amount: 0,
  created_at: null,
  paid_at: null,
  shipped_at: null,
  delivered_at: null,
  cancelled_at: null,
  refunded_at: null,
  first_event_ts: Number.NaN, // every first step says it
  last_event_ts: Number.NaN,
  version: 0,
  last_event_id: '',
  schema_version: 1,
})

export function vector(name: string, rule: string, ...drafts: Draft[]): Vector {
  const rows = new Map<string, CuratedOrder>()
  const steps = drafts.map(({ order, step, expect }): Step => {
    if (!('changes' in expect)) return { ...step, expect }
    const before = rows.get(order) ?? nothingKnown(order)
    const version = before.version + (step.times ?? 1)
    const row = {
      ...before,
      version,
      last_event_id: lastId(expect.eventId, step.times),
      ...expect.changes,
    }
    if (Number.isNaN(row.first_event_ts + row.last_event_ts)) throw new Error(`${name}: no times`)
    rows.set(order, row)
    return { ...step, expect: { row } }
  })
  return { name, rule, steps }
}

const lastId = (eventId: string, times: number | undefined) =>
  times === undefined ? eventId : eventId.slice(0, 24) + String(times - 1).padStart(12, '0')
