import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeBatch, type Batch, type BatchRecord } from '../test/record-batch.ts'
import { visitHeaders, visitRecords, type Aborted } from './record-batches.ts'

function read(batches: Buffer, from = 0, aborted: Aborted[] = []) {
  const records: (BatchRecord & { offset: number })[] = []
  const next = visitRecords(batches, from, aborted, (view) => {
    const { buf, offset, keyStart, keyLength, valueStart, valueLength } = view
    const at = (start: number, length: number) =>
      length < 0 ? null : Buffer.from(buf.subarray(start, start + length))
    const headers: BatchRecord['headers'] = []
    visitHeaders(view, (nameStart, nameLength, start, length) =>
      headers.push([at(nameStart, nameLength)!.toString(), at(start, length)]),
    )
    records.push({
      offset,
      key: at(keyStart, keyLength),
      value: at(valueStart, valueLength),
      headers,
    })
  })
  return { records, next, offsets: records.map(({ offset }) => offset) }
}

const bytes = fc.option(fc.uint8Array({ maxLength: 200 }).map((a) => Buffer.from(a)))
const record: fc.Arbitrary<BatchRecord> = fc.record({
  key: bytes,
  value: bytes,
  headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), bytes), { maxLength: 4 }),
})

test('records are read as they were written, from the offset that was asked for, compressed or not', () => {
  const batch = fc.record({
    records: fc.array(record, { minLength: 1, maxLength: 100 }),
    gap: fc.nat(3),
    codec: fc.constantFrom(0 as const, 1 as const, 4 as const),
  })
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 4 }), fc.nat(100), fc.nat(60), (all, skip, cut) => {
      let base = 2 ** 33
      const from = base + skip
      const expected: (BatchRecord & { offset: number })[] = []
      const encoded = all.map((one) => {
        const start = base
        expected.push(...one.records.map((r, i) => ({ offset: start + i, ...r })))
        base += one.records.length + one.gap
        return encodeBatch({ base: start, ...one })
      })
      // the last batch of an answer may be cut off
      const rest = encodeBatch({ base, records: [] }).subarray(0, cut)
      const { records, next } = read(Buffer.concat([...encoded, rest]), from)

      assert.deepEqual(
        records,
        expected.filter(({ offset }) => offset >= from),
      )
      assert.equal(next, Math.max(from, base))
    }),
    { numRuns: 300 },
  )
})

const plain: BatchRecord = { key: Buffer.from('k'), value: Buffer.from('v'), headers: [] }
const of = (base: number, producerId: number, count = 1): Batch => ({
  base,
  producerId,
  transactional: true,
  records: Array.from({ length: count }, () => plain),
})
const marker = (base: number, producerId: number): Batch => ({
  ...of(base, producerId),
  control: true,
})

test('what was aborted is not shown, nor markers, but what the same producer wrote before and after is', () => {
  const log = Buffer.concat(
    [
      of(0, 7),
      marker(1, 7),
      of(2, 7, 2),
      of(4, 8),
      marker(5, 7),
      of(6, 7),
      marker(7, 8),
      marker(8, 7),
    ].map(encodeBatch),
  )
  const aborted = [{ producerId: 7, firstOffset: 2 }]
  assert.deepEqual(read(log, 0, aborted), { ...read(log, 0, aborted), offsets: [0, 4, 6], next: 9 })
})

test('two transactions that began before the fetch, and one within it', () => {
  const log = Buffer.concat(
    [
      of(10, 1),
      of(11, 2),
      marker(12, 1),
      of(13, 3),
      of(14, 1),
      marker(15, 2),
      marker(16, 3),
      marker(17, 1),
    ].map(encodeBatch),
  )
  const aborted = [
    { producerId: 3, firstOffset: 13 },
    { producerId: 2, firstOffset: 4 },
    { producerId: 1, firstOffset: 3 },
  ]
  assert.deepEqual(read(log, 10, aborted).offsets, [14])
})
