import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeRaw,
  encodeCurated,
  EventFacts,
  RAW_SCHEMA_VERSION,
  readFacts,
  Writer,
  type CuratedOrder,
} from '@order-up/schemas'
import { loadVectors, recordOf, VECTOR_IDS, type Step } from '@order-up/schemas/vectors'
import { fold, foldInto, memoryOf, roomFor, rowOf, writeRow, type OrderState } from './index.ts'

const ids = new Map([
  [VECTOR_IDS.known, RAW_SCHEMA_VERSION],
  [VECTOR_IDS.newer, RAW_SCHEMA_VERSION + 1],
])
const CURATED_ID = 7

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

const facts = new EventFacts()

/** The same on bytes alone. @returns the framed row, 'duplicate', or undefined where it is for `decodeRaw` to say */
function answerInBytes(states: Map<string, OrderState>, step: Step, i: number) {
  const { key, value } = recordOf(step, i)
  if (key === null || value === null) return undefined
  const buf = Buffer.concat([key, value])
  if (!readFacts(facts, ids, buf, 0, key.length, key.length, value.length)) return undefined
  const name = key.toString('hex')
  const before = states.get(name) ?? null
  const size = before?.bytes.length ?? 0
  const memory = memoryOf(Buffer.alloc(roomFor(before, 0, size, facts)))
  const length = foldInto(before, 0, size, facts, memory, 0)
  if (length === 0) return 'duplicate'
  const w = new Writer()
  writeRow(w, CURATED_ID, buf, 0, key.length, memory, 0, length)
  states.set(name, memoryOf(memory.bytes.subarray(0, length)))
  return w.since(0)
}

/** Where the bytes are not read, though there is an event: a varint has more bytes than it needs. */
const LEFT_TO_DECODE_RAW = /more bytes than they need/
/** readFacts does not ask for the partition. */
const isMisplaced = ({ expect }: Step) =>
  'rejected' in expect && expect.rejected === 'partition_mismatch'

for (const { name, steps } of loadVectors())
  test(`vector: ${name}`, () => {
    const states = new Map<string, OrderState>()
    const inBytes = new Map<string, OrderState>()
    for (const step of steps) {
      for (let i = 0; i < (step.times ?? 1); i++) {
        const given = answer(states, step, i)
        if (i === (step.times ?? 1) - 1) assert.deepEqual(given, step.expect)
        else assert.ok('row' in given)
        if (LEFT_TO_DECODE_RAW.test(name) || isMisplaced(step)) continue
        assert.deepEqual(answerInBytes(inBytes, step, i), bytesOf(given))
      }
    }
  })

function bytesOf(given: Answer): Buffer | 'duplicate' | undefined {
  if ('row' in given) return encodeCurated(given.row, CURATED_ID)
  return 'duplicate' in given ? 'duplicate' : undefined
}
