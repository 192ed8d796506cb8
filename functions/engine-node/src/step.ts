import {
  bucketOf,
  CURATED_TOPIC,
  DLQ_HEADERS,
  DLQ_TOPIC,
  RAW_TOPIC,
  ROW_HEADERS,
  shadowDlqTopic,
  shadowTopic,
  writeCurated,
  Writer,
  type Decoded,
  type Rejection,
} from '@order-up/schemas'
import { fold, rowOf, type OrderState } from '@order-up/fold'
import type { InRecord, OutRecord } from './transport.ts'

/** What a step needs to know beside the records. */
export interface StepContext {
  deployment: string
  curatedSchemaId: number
  /** which buckets this deployment writes to curated, by index */
  owned: readonly boolean[]
  /** records below this offset were emitted before: they are folded silently */
  emitFrom: number
  decode(record: InRecord): Decoded
  stateOf(orderId: string, key: Buffer): OrderState | null
}

export interface Counts {
  applied: number
  duplicate: number
  dead_letter: number
}

export interface Step {
  /** by topic, in raw order */
  out: Map<string, OutRecord[]>
  /** the new state of every order that changed */
  states: Map<string, OrderState>
  /** of the records from `emitFrom` on: every one is in exactly one of the three */
  counts: Counts
  /** a record of a schema newer than this code: the step ends before it */
  newer?: { offset: number; id: number; version: number }
}

/**
 * Folds records in raw order: what to write, and how the orders stand after it. Pure; nothing is remembered until
 * the caller has committed it.
 */
export function step(records: readonly InRecord[], context: StepContext): Step {
  const { emitFrom, owned } = context
  const curated: OutRecord[] = []
  const shadow: OutRecord[] = []
  const deadLetters: OutRecord[] = []
  const shadowDeadLetters: OutRecord[] = []
  const states = new Map<string, OrderState>()
  const counts: Counts = { applied: 0, duplicate: 0, dead_letter: 0 }
  const writer = new Writer(records.length * 256)
  const engine = Buffer.from(context.deployment)

  const result = (newer?: Step['newer']): Step => {
    const out = new Map<string, OutRecord[]>()
    const add = (topic: string, list: OutRecord[]) => {
      if (list.length > 0) out.set(topic, list)
    }
    add(CURATED_TOPIC, curated)
    add(shadowTopic(context.deployment), shadow)
    add(DLQ_TOPIC, deadLetters)
    add(shadowDlqTopic(context.deployment), shadowDeadLetters)
    return { out, states, counts, ...(newer ? { newer } : {}) }
  }

  for (const record of records) {
    const emit = record.offset >= emitFrom
    const decoded = context.decode(record)
    if (decoded.kind === 'newer_schema')
      return result({ offset: record.offset, id: decoded.id, version: decoded.version })
    if (decoded.kind === 'rejected') {
      if (!emit) continue
      counts.dead_letter++
      const target = owned[bucketOf(record.key)] ? deadLetters : shadowDeadLetters
      target.push(deadLetter(record, decoded, engine))
      continue
    }
    const { event } = decoded
    const key = record.key!
    const before = states.get(event.order_id) ?? context.stateOf(event.order_id, key)
    const after = fold(before, event)
    if (after === 'duplicate') {
      if (emit) counts.duplicate++
      continue
    }
    states.set(event.order_id, after)
    if (!emit) continue
    counts.applied++
    const target = owned[bucketOf(key)] ? curated : shadow
    target.push({
      key,
      value: writeCurated(writer, rowOf(event.order_id, after), context.curatedSchemaId),
      headers: {
        [ROW_HEADERS.engine]: engine,
        [ROW_HEADERS.partition]: String(record.partition),
        [ROW_HEADERS.offset]: String(record.offset),
      },
    })
  }
  return result()
}

function deadLetter(record: InRecord, { reason, detail }: Rejection, engine: Buffer): OutRecord {
  return {
    key: record.key,
    value: record.value,
    headers: {
      ...record.headers,
      [DLQ_HEADERS.reason]: reason,
      [DLQ_HEADERS.detail]: detail.slice(0, 500),
      [DLQ_HEADERS.topic]: RAW_TOPIC,
      [DLQ_HEADERS.partition]: String(record.partition),
      [DLQ_HEADERS.offset]: String(record.offset),
      [DLQ_HEADERS.engine]: engine,
    },
  }
}
