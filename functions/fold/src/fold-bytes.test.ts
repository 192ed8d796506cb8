import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeCurated,
  encodeEvent,
  EventFacts,
  MAX_AMOUNT,
  readFacts,
  Writer,
  type OrderEvent,
} from '@order-up/schemas'
import fc from 'fast-check'
import { factsOf, fold, foldInto, memoryOf, roomFor, writeRow, type OrderState } from './index.ts'
import { anyEvent, anyLog } from './model.fixture.ts'
import { modelRow } from './model.ts'

const SCHEMA_ID = 0x01020304
const KEY = Buffer.from('before o-1 behind')
const KEY_AT = 7

/** The state and the length of it, of a log that is folded step by step through one memory. */
function foldThrough(
  log: readonly OrderEvent[],
  size: number,
  each: (state: OrderState, at: number, length: number, log: readonly OrderEvent[]) => void,
) {
  const memory = memoryOf(Buffer.alloc(size, 0xee))
  const facts = new EventFacts()
  let at = -1
  let length = 0
  let head = 3 // no alignment is needed
  log.forEach((event, i) => {
    factsOf(event, facts)
    const from = at < 0 ? null : memory
    const room = roomFor(from, at, length, facts)
    const before = Buffer.from(memory.bytes)
    const next = foldInto(from, at, length, facts, memory, head)
    assert.ok(next <= room)
    // nothing outside of its room is touched, and nothing at all where it is a duplicate
    assert.deepEqual(memory.bytes.subarray(0, head), before.subarray(0, head))
    assert.deepEqual(memory.bytes.subarray(head + next), before.subarray(head + next))
    if (next > 0) {
      at = head
      length = next
      head += next
    }
    each(memory, at, length, log.slice(0, i + 1))
  })
}

test('states in one memory, one behind the other, give the rows of the plain model, byte for byte', () => {
  const w = new Writer(1)
  fc.assert(
    fc.property(anyLog, (log) => {
      foldThrough(log, 32_768, (state, at, length, soFar) => {
        const start = w.pos
        writeRow(w, SCHEMA_ID, KEY, KEY_AT, 3, state, at, length)
        assert.deepEqual(w.since(start), encodeCurated(modelRow('o-1', soFar), SCHEMA_ID))
      })
      w.pos = 0
    }),
    { numRuns: 300 },
  )
})

test('a state is the same bytes wherever it is folded', () => {
  fc.assert(
    fc.property(anyLog, (log) => {
      let alone: OrderState | null = null
      foldThrough(log, 32_768, (state, at, length, soFar) => {
        const next: OrderState | 'duplicate' = fold(alone, soFar.at(-1)!)
        if (next !== 'duplicate') alone = next
        assert.deepEqual(state.bytes.subarray(at, at + length), alone!.bytes)
      })
    }),
    { numRuns: 300 },
  )
})

/** The least that a state takes, and what each further event adds: so that a change of it is noticed. */
test('a state has 144 bytes and its customer, and 16 more for each further event', () => {
  fc.assert(
    fc.property(anyLog, (log) => {
      foldThrough(log, 32_768, (_, __, length, soFar) => {
        const row = modelRow('o-1', soFar)
        const customer = Buffer.byteLength(row.customer_id ?? '')
        assert.equal(length, 128 + 16 * row.version + customer)
      })
    }),
    { numRuns: 100 },
  )
})

const allowed = anyEvent.filter((e) => !('amount' in e.payload && e.payload.amount > MAX_AMOUNT))

test('what an event says of itself is what its bytes say: one after another, in the same facts', () => {
  const fromBytes = new EventFacts()
  const fromObject = new EventFacts()
  const ids = new Map([[1, 1]])
  const textOf = ({ source, customerStart: at, customerLength: length }: EventFacts) =>
    length < 0 ? null : Buffer.from(source).toString('utf8', at, at + length)
  const currencyOf = ({ source, currencyStart: at }: EventFacts) =>
    at < 0 ? null : Buffer.from(source).toString('utf8', at, at + 3)
  const rest = ({ id, rank, ts, itemCount, itemsAmount, shipping, amount }: EventFacts) => ({
    id: id.toString('hex'),
    rank,
    ts,
    itemCount,
    shipping,
    amount,
    itemsAmount: itemCount < 0 ? null : itemsAmount,
  })
  fc.assert(
    fc.property(allowed, (event) => {
      const key = Buffer.from(event.order_id)
      const value = encodeEvent(event, 1)
      const buf = Buffer.concat([key, value])
      assert.ok(readFacts(fromBytes, ids, buf, 0, key.length, key.length, value.length))
      factsOf(event, fromObject)
      assert.deepEqual(rest(fromObject), rest(fromBytes))
      assert.equal(textOf(fromObject), textOf(fromBytes))
      assert.equal(currencyOf(fromObject), currencyOf(fromBytes))
    }),
    { numRuns: 2_000 },
  )
})

test('ids that differ in one digit, wherever, are of different events', () => {
  const id = '00000000-0000-4000-8000-000000000000'
  const event: OrderEvent = {
    event_id: id,
    event_type: 'ORDER_DELIVERED',
    event_ts: Date.UTC(2026),
    order_id: 'o-1',
    payload: { signed_by: null },
    schema_version: 1,
  }
  const state = fold(null, event)
  assert.ok(state !== 'duplicate')
  for (let i = 0; i < id.length; i++) {
    const other = id[i] === '-' ? id : `${id.slice(0, i)}f${id.slice(i + 1)}`
    assert.equal(fold(state, { ...event, event_id: other }) === 'duplicate', other === id, other)
  }
})

test('a state over a kilobyte is folded as a short one', () => {
  const log = Array.from({ length: 100 }, (_, i): OrderEvent => ({
    event_id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    event_type: 'ORDER_PAID',
    event_ts: Date.UTC(2026) + i,
    order_id: 'o-1',
    payload: { payment_id: 'p', amount: 1, method: 'card' },
    schema_version: 1,
  }))
  const w = new Writer(512)
  foldThrough(log, 128 * 1_024, (state, at, length, soFar) => {
    w.pos = 0
    writeRow(w, SCHEMA_ID, KEY, KEY_AT, 3, state, at, length)
    assert.deepEqual(w.since(0), encodeCurated(modelRow('o-1', soFar), SCHEMA_ID))
  })
})
