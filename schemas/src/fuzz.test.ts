import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decodeCurated,
  decodeEventBody,
  decodeRaw,
  encodeCurated,
  encodeEvent,
  type Decoded,
} from './codec.ts'
import { avscEvent, curatedRow, RAW_ID, RAW_IDS, toAvsc, validEvent } from './events.fixture.ts'
import { EVENT_TYPES, PAYLOAD_RECORDS } from './event.ts'
import { join, mutate, mutations } from './mutations.fixture.ts'
import { partitionOf } from './partitioner.ts'
import { REASONS } from './reasons.ts'

const PARTITIONS = 4

/** As a record under the key that its own body names, so that the checks after the key are reached too. */
function decode(value: Buffer): Decoded {
  const body = decodeEventBody(value.subarray(5))
  const key = Buffer.from('reason' in body ? 'o-1' : body.order_id)
  return decodeRaw({ key, value, partition: partitionOf(key, PARTITIONS) }, RAW_IDS, PARTITIONS)
}

interface AvscEvent {
  payload: Record<string, object> | null
}

/**
 * An answer is a reason of the contract, or an event that avsc reads from the same bytes. avsc is laxer than the
 * contract, so that of a rejection it has nothing to say.
 */
function assertSound(value: Buffer): Decoded {
  const decoded = decode(value)
  assert.deepEqual(decode(Buffer.from(value)), decoded)
  if (decoded.kind === 'rejected') {
    assert.ok(REASONS.includes(decoded.reason))
    assert.ok(decoded.detail.length > 0)
    return decoded
  }
  assert.equal(decoded.kind, 'event')
  if (decoded.kind !== 'event') return decoded
  const { event } = decoded

  const theirs = avscEvent.fromBuffer(value.subarray(5)) as AvscEvent
  const record = `orderup.${PAYLOAD_RECORDS[EVENT_TYPES.indexOf(event.event_type)]}`
  const plain = { ...theirs, payload: { ...theirs.payload![record] } }
  assert.deepEqual(JSON.parse(JSON.stringify(event)), JSON.parse(JSON.stringify(plain)))

  const canonical = encodeEvent(event, RAW_ID)
  assert.deepEqual(canonical.subarray(5), avscEvent.toBuffer(toAvsc(event)))
  assert.deepEqual(decode(canonical), decoded)
  return decoded
}

test('mutated events: an event that avsc reads alike, or a reason', () => {
  const answers = new Map<string, number>()
  fc.assert(
    fc.property(validEvent, validEvent, mutations, (event, other, by) => {
      const body = encodeEvent(event, RAW_ID).subarray(5)
      const mutated = mutate(body, encodeEvent(other, RAW_ID).subarray(5), by)
      const value = join(Buffer.from('0001020304', 'hex'), mutated)
      const decoded = assertSound(value)
      const answer = decoded.kind === 'rejected' ? decoded.reason : decoded.kind
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }),
    { numRuns: 10_000 },
  )
  // else the mutations are too coarse to reach what lies behind the first checks
  for (const answer of ['event', 'not_decodable', 'trailing_bytes', 'invalid_utf8', 'field_limits'])
    assert.ok((answers.get(answer) ?? 0) > 20, `${answer}: ${answers.get(answer)}`)
})

test('mutated frames, and keys and partitions at random: an answer, never an exception', () => {
  const keys = fc.option(
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    { nil: null },
  )
  fc.assert(
    fc.property(validEvent, mutations, keys, fc.nat(9), (event, by, key, partition) => {
      const value = encodeEvent(event, RAW_ID)
      const decoded = decodeRaw({ key, value: mutate(value, value, by), partition }, RAW_IDS, 4)
      assert.ok(decoded.kind === 'event' || decoded.kind === 'rejected')
      if (decoded.kind === 'event') assert.deepEqual(key, Buffer.from(decoded.event.order_id))
    }),
    { numRuns: 3_000 },
  )
})

test('random bytes: an answer, never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, framed) => {
      const value = framed ? join(Buffer.from('0001020304', 'hex'), bytes) : Buffer.from(bytes)
      assertSound(value)
    }),
    { numRuns: 10_000 },
  )
})

// Strings that are long, arrays that are huge: the answer must come without allocating what the bytes announce.
test('random structure: bytes that an Avro reader goes far with', () => {
  const varint = fc.oneof(
    fc.constantFrom('48', '02', '04', '00', '06', '0e', '10', '01', '03', 'feffffff0f'),
    fc.constantFrom('fffffffffffffffffe01', 'ffffffffffffffffff01', '80808080808080808080', '8000'),
  )
  fc.assert(
    fc.property(fc.array(varint, { maxLength: 60 }), (parts) => {
      assertSound(Buffer.from(`0001020304${parts.join('')}`, 'hex'))
    }),
    { numRuns: 10_000 },
  )
})

test('mutated curated rows: a row that is written back to the same meaning, or invalid', () => {
  const ids = new Map([[RAW_ID, 1]])
  fc.assert(
    fc.property(curatedRow, mutations, (row, by) => {
      const value = encodeCurated(row, RAW_ID)
      const decoded = decodeCurated(mutate(value, value, by), ids)
      assert.ok(decoded.kind === 'row' || decoded.kind === 'invalid')
      if (decoded.kind === 'row')
        assert.deepEqual(decodeCurated(encodeCurated(decoded.row, RAW_ID), ids), decoded)
    }),
    { numRuns: 5_000 },
  )
})
