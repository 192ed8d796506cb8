import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCurated, type CuratedOrder } from '@order-up/schemas'
import { loadVectors } from '@order-up/schemas/vectors'
import { decodeRow, encodeRow, rowDifferences } from './avro-row.ts'

const ID = 0x01020304
const rows = loadVectors().flatMap(({ steps }) =>
  steps.flatMap(({ expect }) => ('row' in expect ? [expect.row] : [])),
)
const [row] = rows as [CuratedOrder]

test('the rows of all vectors are written as the codec writes them, and read back', () => {
  for (const one of rows) {
    const bytes = encodeRow({ ...one }, ID)
    assert.deepEqual(bytes, encodeCurated(one, ID))
    assert.deepEqual(decodeRow(bytes, ID), one)
  }
})

test('what differs is named by its field', () => {
  const seen = encodeRow({ ...row, status: 'REFUNDED', paid_amount: row.paid_amount + 1 }, ID)
  assert.deepEqual(rowDifferences({ ...row }, seen, ID), [
    `status: expected "${row.status}", seen "REFUNDED"`,
    `paid_amount: expected ${row.paid_amount}, seen ${row.paid_amount + 1}`,
  ])
})

test('equal fields in other bytes, and what is no row, are said too', () => {
  const bytes = encodeRow({ ...row }, ID)
  const length = bytes[5]!
  const overlong = Buffer.concat([
    bytes.subarray(0, 5),
    Buffer.of(length | 0x80, 0),
    bytes.subarray(6),
  ])
  assert.deepEqual(rowDifferences({ ...row }, overlong, ID), [
    'every field is equal, but the bytes differ from byte 5 on (an encoding of its own)',
  ])
  const cases: [Buffer | null, RegExp][] = [
    [null, /no value/],
    [Buffer.of(1, 2), /no Confluent frame/],
    [encodeRow({ ...row }, ID + 1), /schema id 16909061, not 16909060/],
    [bytes.subarray(0, -1), /ends within/],
    [Buffer.concat([bytes, Buffer.of(0)]), /1 bytes after the row/],
  ]
  for (const [seen, says] of cases) assert.match(rowDifferences({ ...row }, seen, ID).join(), says)
})
