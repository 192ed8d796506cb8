import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { loadVectors, recordOf, VECTOR_IDS } from '../vectors/index.ts'
import { decodeEventBody, decodeRaw, encodeEvent } from './codec.ts'
import { EVENT_TYPES, type OrderEvent } from './event.ts'
import { EventFacts, readFacts } from './event-facts.ts'
import { expectedFacts, read } from './event-facts.fixture.ts'
import { RAW_ID, RAW_IDS, validEvent } from './events.fixture.ts'
import { RAW_SCHEMA_VERSION } from './frame.ts'
import { join, mutate, mutations } from './mutations.fixture.ts'
import { partitionOf } from './partitioner.ts'

const PARTITIONS = 4
const FRAME = Buffer.from('0001020304', 'hex')

test('every valid event is read, and says what its fields say', () => {
  fc.assert(
    fc.property(validEvent, (event) => {
      assert.deepEqual(
        read(Buffer.from(event.order_id), encodeEvent(event, RAW_ID)),
        expectedFacts(event),
      )
    }),
    { numRuns: 3_000 },
  )
})

/** What `decodeRaw` makes of it under the key that its own body names, and what `readFacts` does. */
function bothOf(value: Buffer) {
  const body = decodeEventBody(value.subarray(5))
  const key = Buffer.from('reason' in body ? 'o-1' : body.order_id)
  const partition = partitionOf(key, PARTITIONS)
  return {
    decoded: decodeRaw({ key, value, partition }, RAW_IDS, PARTITIONS),
    facts: read(key, value),
  }
}

/** @returns whether the two agree on an event; false also where only `decodeRaw` finds one */
function assertSound(value: Buffer): { event: boolean; read: boolean } {
  const { decoded, facts } = bothOf(value)
  const event = decoded.kind === 'event'
  if (facts === null) return { event, read: false }
  assert.equal(decoded.kind, 'event', JSON.stringify(decoded))
  if (event) assert.deepEqual(facts, expectedFacts(decoded.event))
  return { event, read: true }
}

test('of mutated events, only what decodeRaw takes for an event is read, and as the same', () => {
  const seen = { events: 0, read: 0, rejected: 0 }
  fc.assert(
    fc.property(validEvent, validEvent, mutations, (event, other, by) => {
      const [body, second] = [event, other].map((e) => encodeEvent(e, RAW_ID).subarray(5))
      const answer = assertSound(join(FRAME, mutate(body!, second!, by)))
      if (answer.event) seen.events++
      else seen.rejected++
      if (answer.read) seen.read++
    }),
    { numRuns: 10_000 },
  )
  // else the mutations say nothing, or the fast way is dead
  assert.ok(seen.rejected > 1_000 && seen.events > 1_000, JSON.stringify(seen))
  assert.ok(seen.read > seen.events * 0.99, JSON.stringify(seen))
})

test('of an event of each type, each byte changed in turn, only events are read', () => {
  const kinds = EVENT_TYPES.map((type) => validEvent.filter((e) => e.event_type === type))
  for (const event of kinds.flatMap((kind) => fc.sample(kind, { numRuns: 2, seed: 1 }))) {
    const value = encodeEvent(event, RAW_ID)
    for (let at = 5; at < value.length; at++) {
      const byte = value[at]!
      for (const to of [0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0xff, byte ^ 1, byte ^ 2, byte ^ 0x20]) {
        value[at] = to
        assertSound(value)
      }
      value[at] = byte
    }
  }
})

test('of bytes that an Avro reader goes far with, only events are read', () => {
  const varints =
    '48 02 04 00 06 0e 10 01 03 feffffff0f 8000 fffffffffffffffffe01 ffffffffffffffffff01'
  const varint = fc.constantFrom(...varints.split(' '), '80808080808080808080')
  fc.assert(
    fc.property(fc.array(varint, { maxLength: 60 }), (parts) => {
      assertSound(Buffer.from(`0001020304${parts.join('')}`, 'hex'))
    }),
    { numRuns: 5_000 },
  )
})

test('of mutated frames and values cut short, only events are read', () => {
  fc.assert(
    fc.property(validEvent, mutations, (event, by) => {
      const value = encodeEvent(event, RAW_ID)
      assertSound(mutate(value, value, by))
    }),
    { numRuns: 2_000 },
  )
})

test('an event of which the key is another’s is not read', () => {
  fc.assert(
    fc.property(validEvent, fc.uint8Array({ maxLength: 8 }), (event, bytes) => {
      const key = Buffer.from(event.order_id)
      const value = encodeEvent(event, RAW_ID)
      assert.notEqual(read(key, value), null)
      assert.equal(read(key.subarray(1), value), null)
      assert.equal(read(join(key, Buffer.of(0)), value), null)
      assert.equal(read(bytes, value) === null, !key.equals(bytes))
    }),
    { numRuns: 500 },
  )
})

test('a type and a payload that are one another’s, but not of the contract, are not read', () => {
  const event: OrderEvent = {
    event_id: '00000000-0000-4000-8000-000000000001',
    event_type: 'ORDER_REFUNDED',
    event_ts: Date.UTC(2026),
    order_id: 'o-1',
    payload: { refund_id: 'r', amount: 1, reason: null },
    schema_version: 1,
  }
  const value = encodeEvent(event, RAW_ID)
  const typeAt = 5 + 37
  const branchAt = value.indexOf('o-1') + 3
  for (let type = 0; type < 10; type++) {
    value[typeAt] = value[branchAt] = type * 2
    const { event: isEvent, read: isRead } = assertSound(value)
    assert.equal(isRead, isEvent, String(type))
  }
})

// Java's and Go's writers may write an array in blocks with their size, or in several.
test('items in blocks of any kind are read alike', () => {
  const [event] = fc.sample(
    validEvent.filter((e) => e.event_type === 'ORDER_CREATED' && e.payload.items.length > 1),
    { numRuns: 1, seed: 3 },
  )
  assert.ok(event?.event_type === 'ORDER_CREATED')
  const { items, customer_id } = event.payload
  const whole = encodeEvent(event, RAW_ID)
  const without = encodeEvent({ ...event, payload: { ...event.payload, items: [] } }, RAW_ID)
  // where the two begin to differ is the array
  const start = whole.findIndex((byte, i) => byte !== without[i])
  const end = whole.length - (without.length - start)
  assert.ok(start > 5 + customer_id.length)
  const content = whole.subarray(start + 1, end)
  // a count below zero, and a size that nobody reads, but it must be one
  const sized = (size: string) =>
    join(
      whole.subarray(0, start),
      Buffer.of(items.length * 2 - 1),
      Buffer.from(size, 'hex'),
      content,
      whole.subarray(end),
    )
  for (const size of ['00', '02', 'feffffffffffff1f']) {
    assert.deepEqual(bothOf(sized(size)).decoded, { kind: 'event', event }, size)
    assert.deepEqual(bothOf(sized(size)).facts, expectedFacts(event), size)
  }
  for (const size of ['01', 'feffffffffffff3f']) {
    assert.equal(bothOf(sized(size)).decoded.kind, 'rejected', size)
    assert.equal(bothOf(sized(size)).facts, null, size)
  }
})

const ids = new Map([
  [VECTOR_IDS.known, RAW_SCHEMA_VERSION],
  [VECTOR_IDS.newer, RAW_SCHEMA_VERSION + 1],
])
/** Valid, but left to `decodeRaw`: a varint with needless bytes. */
const LEFT = [
  'numbers in more bytes than they need, to ten',
  'a type, a branch and lengths in more bytes than they need',
  'optional branches in more bytes than they need',
]

test('of the vectors, all events are read but those of three names, and nothing else', () => {
  const facts = new EventFacts()
  const left = new Set<string>()
  for (const { name, steps } of loadVectors())
    for (const step of steps) {
      const { key, value } = recordOf(step)
      if (key === null || value === null) continue
      const buf = join(key, value)
      const isRead = readFacts(facts, ids, buf, 0, key.length, key.length, value.length)
      const { expect } = step
      const isEvent =
        'row' in expect || 'duplicate' in expect
          ? true
          : 'rejected' in expect && expect.rejected === 'partition_mismatch' // which is not asked for
            ? isRead
            : false
      if (isEvent && !isRead) left.add(name)
      else assert.equal(isRead, isEvent, name)
    }
  assert.deepEqual([...left], LEFT)
})
