import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCurated, decodeRaw, encodeCurated, encodeEvent, writeEvent } from './codec.ts'
import {
  avscCurated,
  avscEvent,
  curatedRow,
  RAW_ID,
  RAW_IDS,
  toAvsc,
  validEvent,
} from './events.fixture.ts'
import { CURATED_SCHEMA_VERSION, frameId } from './frame.ts'
import { partitionOf } from './partitioner.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

const frame = Buffer.from('0001020304', 'hex')
const framed = (body: Uint8Array) => Buffer.concat([frame, body])
const CURATED_IDS = new Map([[RAW_ID, CURATED_SCHEMA_VERSION]])

test('an event is written as avsc writes it, byte for byte', () => {
  fc.assert(
    fc.property(validEvent, (event) => {
      assert.deepEqual(encodeEvent(event, RAW_ID), framed(avscEvent.toBuffer(toAvsc(event))))
    }),
    { numRuns: 2_000 },
  )
})

test('an event that avsc wrote is read as it was', () => {
  fc.assert(
    fc.property(validEvent, fc.integer({ min: 1, max: 100 }), (event, partitions) => {
      const key = Buffer.from(event.order_id)
      const record = {
        key,
        value: framed(avscEvent.toBuffer(toAvsc(event))),
        partition: partitionOf(key, partitions),
      }
      assert.deepEqual(decodeRaw(record, RAW_IDS, partitions), { kind: 'event', event })
    }),
    { numRuns: 2_000 },
  )
})

test('events written one after another stay as they are when the buffer grows', () => {
  fc.assert(
    fc.property(fc.array(validEvent, { minLength: 2, maxLength: 20 }), (events) => {
      const w = new Writer(1)
      const written = events.map((event) => writeEvent(w, event, RAW_ID))
      assert.deepEqual(
        written.map((bytes) => Buffer.from(bytes)),
        events.map((event) => framed(avscEvent.toBuffer(toAvsc(event)))),
      )
    }),
    { numRuns: 200 },
  )
})

test('a curated row is written as avsc writes it, and read as it was', () => {
  fc.assert(
    fc.property(curatedRow, (row) => {
      const value = encodeCurated(row, RAW_ID)
      assert.deepEqual(value, framed(avscCurated.toBuffer(row)))
      assert.deepEqual(decodeCurated(value, CURATED_IDS), { kind: 'row', row })
    }),
    { numRuns: 2_000 },
  )
})

test('a curated row keeps 2^53-1 and its negative, which avsc refuses', () => {
  const [row] = fc.sample(curatedRow, { numRuns: 1, seed: 1 })
  for (const paid_amount of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    const saturated = { ...row!, paid_amount, refunded_amount: paid_amount }
    const decoded = decodeCurated(encodeCurated(saturated, RAW_ID), CURATED_IDS)
    assert.deepEqual(decoded, { kind: 'row', row: saturated })
  }
})

test('longs are written as BigInt writes them and read back, at every power of two', () => {
  for (const value of powersOfTwo(53)) {
    if (!Number.isSafeInteger(Number(value))) continue
    const w = new Writer(1)
    w.long(Number(value))
    const bytes = w.since(0)
    assert.equal(bytes.toString('hex'), zigzag(value), String(value))
    const r = new Reader(bytes)
    assert.equal(r.long(), Number(value))
    assert.equal(r.outOfRange, false)
  }
})

test('longs beyond 2^53-1 are flagged at every power of two, ints beyond 32 bits too', () => {
  for (const value of powersOfTwo(63)) {
    const bytes = Buffer.from(zigzag(value), 'hex')
    const long = new Reader(bytes)
    long.long()
    assert.equal(long.outOfRange, !Number.isSafeInteger(Number(value)), `long ${value}`)
    const int = new Reader(bytes)
    int.int()
    assert.equal(int.outOfRange, BigInt.asIntN(32, value) !== value, `int ${value}`)
  }
})

/** And their neighbours, of both signs, within 64 bits. */
function powersOfTwo(last: number): bigint[] {
  const powers = Array.from({ length: last + 1 }, (_, exponent) => 2n ** BigInt(exponent))
  const all = powers.flatMap((p) => [p - 1n, p, p + 1n]).flatMap((p) => [p, -p])
  return all.filter((p) => BigInt.asIntN(64, p) === p)
}

function zigzag(value: bigint): string {
  const bytes: number[] = []
  let n = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; n > 0x7fn; n >>= 7n) bytes.push(Number(n & 0x7fn) | 0x80)
  bytes.push(Number(n))
  return Buffer.from(bytes).toString('hex')
}

test('a curated value that no engine wrote is invalid, or newer: never a row', () => {
  const [row] = fc.sample(curatedRow, { numRuns: 1, seed: 1 })
  const value = encodeCurated(row!, RAW_ID)
  const kindOf = (bytes: Buffer | null, ids = CURATED_IDS) => decodeCurated(bytes, ids).kind

  assert.equal(kindOf(value), 'row')
  assert.equal(kindOf(null), 'invalid')
  assert.equal(kindOf(Buffer.alloc(0)), 'invalid')
  assert.equal(kindOf(Buffer.concat([Buffer.of(1), value.subarray(1)])), 'invalid')
  assert.equal(kindOf(value, new Map([[1, 1]])), 'invalid')
  assert.equal(kindOf(Buffer.concat([value, Buffer.of(0)])), 'invalid')
  for (let length = 0; length < value.length; length++)
    assert.equal(kindOf(value.subarray(0, length)), 'invalid', `cut to ${length}`)
  assert.deepEqual(decodeCurated(value, new Map([[RAW_ID, CURATED_SCHEMA_VERSION + 1]])), {
    kind: 'newer_schema',
    id: RAW_ID,
    version: CURATED_SCHEMA_VERSION + 1,
  })

  const broken = (field: object) => kindOf(framed(avscCurated.toBuffer({ ...row!, ...field })))
  assert.equal(broken({}), 'row')
  const outOfRange = encodeCurated({ ...row!, schema_version: 2 ** 31 }, RAW_ID)
  assert.equal(kindOf(outOfRange), 'invalid')
  const text = encodeCurated({ ...row!, order_id: 'x' }, RAW_ID)
  text[6] = 0xff
  assert.equal(kindOf(text), 'invalid')
})

test('a schema id is read as unsigned, from a whole frame only', () => {
  assert.equal(frameId(Buffer.from('00fffffffe', 'hex')), 0xfffffffe)
  assert.equal(frameId(Buffer.from('00fffffe', 'hex')), undefined)
  assert.equal(frameId(Buffer.from('01fffffffe', 'hex')), undefined)
})
