import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRaw, RAW_SCHEMA_VERSION, type CuratedOrder } from '@order-up/schemas'
import { loadVectors, recordOf, VECTOR_IDS, type Step } from '@order-up/schemas/vectors'
import { fold, rowOf, type OrderState } from './index.ts'

const ids = new Map([
  [VECTOR_IDS.known, RAW_SCHEMA_VERSION],
  [VECTOR_IDS.newer, RAW_SCHEMA_VERSION + 1],
])

type Answer =
  { row: CuratedOrder } | { duplicate: true } | { rejected: string } | { stopped: 'newer_schema' }

/** The smallest engine: what it answers to one record, with its state by order. */
function answer(states: Map<string, OrderState>, step: Step, i: number): Answer {
  const decoded = decodeRaw(recordOf(step, i), ids, step.partitions)
  if (decoded.kind === 'rejected') return { rejected: decoded.reason }
  if (decoded.kind === 'newer_schema') return { stopped: decoded.kind }
  const { order_id } = decoded.event
  const next = fold(states.get(order_id) ?? null, decoded.event)
  if (next === 'duplicate') return { duplicate: true }
  states.set(order_id, next)
  return { row: rowOf(order_id, next) }
}

for (const { name, steps } of loadVectors())
  test(`vector: ${name}`, () => {
    const states = new Map<string, OrderState>()
    for (const step of steps) {
      const answers = Array.from({ length: step.times ?? 1 }, (_, i) => answer(states, step, i))
      assert.deepEqual(answers.pop(), step.expect)
      assert.ok(answers.every((a) => 'row' in a))
    }
  })
