import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTRACT_VERSION, NotDecodable, Writer } from '@order-up/schemas'
import fc from 'fast-check'
import { decodeState, encodeState, fold, rowOf, writeState, type OrderState } from './index.ts'
import { anyLog } from './model.fixture.ts'

function stateOf(log: Parameters<typeof fold>[1][]): OrderState {
  let state: OrderState | null = null
  for (const event of log) {
    const next: OrderState | 'duplicate' = fold(state, event)
    if (next !== 'duplicate') state = next
  }
  return state!
}

test('a stored state folds on exactly as the one in memory, at every step', () => {
  fc.assert(
    fc.property(anyLog, (log) => {
      let live: OrderState | null = null
      let stored: Buffer | null = null
      for (const event of log) {
        const next: OrderState | 'duplicate' = fold(live, event)
        const nextOfStored = fold(stored && decodeState(stored), event)
        assert.equal(nextOfStored === 'duplicate', next === 'duplicate')
        if (next === 'duplicate' || nextOfStored === 'duplicate') continue
        live = next
        stored = encodeState(nextOfStored)
        assert.deepEqual(stored, encodeState(live))
        assert.deepEqual(rowOf('o-1', decodeState(stored)), rowOf('o-1', live))
      }
    }),
    { numRuns: 500 },
  )
})

test('a decoded state keeps nothing of the buffer it was read from', () => {
  fc.assert(
    fc.property(anyLog, (log) => {
      const bytes = encodeState(stateOf(log))
      const copy = Buffer.from(bytes)
      const state = decodeState(copy)
      copy.fill(0xff)
      assert.deepEqual(encodeState(state), bytes)
    }),
  )
})

test('states written one after another come out of one writer as they do alone', () => {
  fc.assert(
    fc.property(fc.array(anyLog, { minLength: 1, maxLength: 5 }), (logs) => {
      const w = new Writer(1)
      const together = logs.map((log) => writeState(w, stateOf(log)))
      assert.deepEqual(
        together.map((bytes) => Buffer.from(bytes)),
        logs.map((log) => encodeState(stateOf(log))),
      )
    }),
  )
})

test('a stored state that is cut short is refused, wherever it is cut', () => {
  fc.assert(
    fc.property(anyLog, (log) => {
      const bytes = encodeState(stateOf(log))
      for (let length = 0; length < bytes.length; length++)
        assert.throws(() => decodeState(bytes.subarray(0, length)), NotDecodable)
    }),
    { numRuns: 50 },
  )
})

test('a stored state with something behind it is refused', () => {
  const bytes = encodeState(stateOf(fc.sample(anyLog, { numRuns: 1, seed: 1 })[0]!))
  assert.throws(() => decodeState(Buffer.concat([bytes, Buffer.of(0)])), NotDecodable)
})

test('a state of another contract version is refused', () => {
  const bytes = encodeState(stateOf(fc.sample(anyLog, { numRuns: 1, seed: 1 })[0]!))
  bytes[0] = CONTRACT_VERSION + 1
  assert.throws(() => decodeState(bytes), RangeError)
})
