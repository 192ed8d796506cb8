import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OrderEvent } from '@order-up/schemas'
import fc from 'fast-check'
import { fold, rowOf, type OrderState } from './index.ts'
import { anyEvent, anyLog, distinctEvents } from './model.fixture.ts'
import { modelRow } from './model.ts'

/** The state after each record of the log. */
function statesOf(log: readonly OrderEvent[]): OrderState[] {
  const states: OrderState[] = []
  for (const event of log) {
    const before = states.at(-1) ?? null
    const next = fold(before, event)
    states.push(next === 'duplicate' ? before! : next)
  }
  return states
}

const finalRow = (log: readonly OrderEvent[]) => rowOf('o-1', statesOf(log).at(-1)!)

test('the row after every record is that of the plain model', () => {
  fc.assert(
    fc.property(anyLog, (log) => {
      statesOf(log).forEach((state, i) =>
        assert.deepEqual(rowOf('o-1', state), modelRow('o-1', log.slice(0, i + 1))),
      )
    }),
    { numRuns: 1_000 },
  )
})

test('order and repetition never change the final row, last_event_id aside', () => {
  const logs = distinctEvents.chain((events) =>
    fc.tuple(
      fc.constant(events),
      fc.shuffledSubarray(events, { minLength: events.length }),
      fc.array(fc.tuple(fc.constantFrom(...events), fc.nat(40)), { maxLength: 10 }),
    ),
  )
  fc.assert(
    fc.property(logs, ([events, shuffled, repeats]) => {
      const log = [...shuffled]
      for (const [event, at] of repeats) log.splice(at, 0, event)

      const { last_event_id: _, ...expected } = finalRow(events)
      const { last_event_id: __, ...row } = finalRow(log)

      assert.deepEqual(row, expected)
    }),
    { numRuns: 1_000 },
  )
})

test('version counts distinct events, one at a time, and only duplicates are silent', () => {
  fc.assert(
    fc.property(anyLog, (log) => {
      let state: OrderState | null = null
      const ids = new Set<string>()
      for (const event of log) {
        const next: OrderState | 'duplicate' = fold(state, event)
        assert.equal(next === 'duplicate', ids.has(event.event_id))
        ids.add(event.event_id)
        if (next !== 'duplicate') state = next
        const row = rowOf('o-1', state!)
        assert.equal(row.version, ids.size)
        if (next !== 'duplicate') assert.equal(row.last_event_id, event.event_id)
      }
    }),
  )
})

test('folding leaves the state that it was given as it was, and states may branch', () => {
  fc.assert(
    fc.property(anyLog, anyLog, fc.nat(29), (trunk, branch, at) => {
      const states = statesOf(trunk)
      const stored = states.map(({ bytes }) => Buffer.from(bytes))
      const from = states[at % states.length]!

      let state = from
      for (const event of branch) {
        const next = fold(state, event)
        if (next !== 'duplicate') state = next
      }

      states.forEach(({ bytes }, i) => assert.deepEqual(bytes, stored[i]))
      const alone = statesOf([...trunk.slice(0, (at % states.length) + 1), ...branch])
      assert.deepEqual(state.bytes, alone.at(-1)!.bytes)
    }),
    { numRuns: 500 },
  )
})

test('two events from one state give two states that know nothing of each other', () => {
  fc.assert(
    fc.property(anyLog, anyEvent, anyEvent, (log, a, b) => {
      const state = statesOf(log).at(-1)!
      const withA = fold(state, a)
      const withB = fold(state, b)
      if (withA === 'duplicate' || withB === 'duplicate') return

      assert.deepEqual(rowOf('o-1', withA), modelRow('o-1', [...log, a]))
      assert.deepEqual(rowOf('o-1', withB), modelRow('o-1', [...log, b]))
      assert.equal(fold(withA, b) === 'duplicate', a.event_id === b.event_id)
      assert.equal(fold(withB, a) === 'duplicate', a.event_id === b.event_id)
    }),
  )
})

test('events are not changed, and may be changed after they were folded', () => {
  fc.assert(
    fc.property(anyLog, (log) => {
      const copy = structuredClone(log)
      const states = statesOf(copy)
      assert.deepEqual(copy, log)
      const rows = states.map((state) => rowOf('o-1', state))

      for (const event of copy)
        if (event.event_type === 'ORDER_CREATED') event.payload.items.length = 0

      assert.deepEqual(
        states.map((state) => rowOf('o-1', state)),
        rows,
      )
    }),
  )
})

// Says nothing of speed: bench does.
test('an order of 20,000 events, some repeated at the end', () => {
  const sample = fc.sample(anyEvent, { numRuns: 20_000, seed: 7 })
  const events = sample.map((event, i) => {
    // ids whose bytes repeat each other at every distance, so that only whole ids may match
    const digits = (i * 7_919) % 1_000_003
    const tail = digits.toString(16).padStart(12, '0')
    return { ...event, event_id: `${tail.slice(4)}-0000-4000-8000-${tail}` }
  })
  let state: OrderState | null = null
  for (const event of events) {
    const next: OrderState | 'duplicate' = fold(state, event)
    assert.notEqual(next, 'duplicate')
    if (next !== 'duplicate') state = next
  }
  for (let i = 0; i < events.length; i += 100) assert.equal(fold(state, events[i]!), 'duplicate')
  assert.deepEqual(rowOf('o-1', state!), modelRow('o-1', events))
})
