import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCurated, type SchemaIds } from '@order-up/schemas'
import { rowOf } from '../test/rows.ts'
import { createDecoder, type CuratedRecord } from './decode.ts'

const { order } = rowOf('a', 1)

const record = (
  value: Buffer | null,
  headers: Record<string, string> = {},
  offset = 5,
): CuratedRecord => ({
  partition: 2,
  offset,
  timestamp: 9,
  value,
  header: (name) => headers[name],
})

/** Answers with one list of ids after another. */
function registry(...answers: SchemaIds[]) {
  let asked = 0
  return {
    fetch: () => Promise.resolve(answers[Math.min(asked++, answers.length - 1)]!),
    asked: () => asked,
  }
}

test('ids are asked for once, and again only for an id that is unknown', async () => {
  const ids = registry(new Map([[1, 1]]), new Map([[1, 1], [4, 1]])) // prettier-ignore
  const decode = createDecoder(ids.fetch)

  const first = await decode([record(encodeCurated(order, 1)), record(encodeCurated(order, 1))])
  assert.equal(ids.asked(), 1)
  const second = await decode([record(encodeCurated(order, 4)), record(encodeCurated(order, 1))])
  assert.equal(ids.asked(), 2)

  assert.deepEqual([first.rows.length, second.rows.length], [2, 2])
  assert.deepEqual([first.failure, second.failure], [undefined, undefined])
  assert.deepEqual(first.rows[0]!.order, order)
})

test('lineage comes from the headers; what is missing or no number is null', async () => {
  const decode = createDecoder(registry(new Map([[1, 1]])).fetch)
  const value = encodeCurated(order, 1)
  const full = { engine: 'flink-1', 'raw-partition': '0', 'raw-offset': '9007199254740991' }

  const { rows } = await decode([
    record(value, full),
    record(value),
    record(value, { engine: '', 'raw-partition': '', 'raw-offset': '1e99' }),
  ])

  assert.deepEqual(
    rows.map((row) => [row.engine, row.rawPartition, row.rawOffset]),
    [
      ['flink-1', 0, 9007199254740991],
      [null, null, null],
      ['', null, null],
    ],
  )
})

for (const [what, value, code, message] of [
  ['no value', null, 'BROKEN_ROW', 'the record has no value'],
  ['no frame', Buffer.from('x'), 'BROKEN_ROW', 'no Confluent frame'],
  ['a foreign id', encodeCurated(order, 8), 'BROKEN_ROW', 'schema id 8 is not of the curated'],
  ['cut bytes', encodeCurated(order, 1).subarray(0, 30), 'BROKEN_ROW', 'end early|past the end'],
  [
    'a newer schema',
    encodeCurated(order, 2),
    'NEWER_SCHEMA',
    'has version 2 of the curated schema',
  ],
] as const) {
  test(`${what}: stops, names the record, and gives the rows before it`, async () => {
    const ids = new Map([[1, 1], [2, 2]]) // prettier-ignore
    const good = record(encodeCurated(order, 1))

    const { rows, failure } = await createDecoder(registry(ids).fetch)([
      good,
      record(value, {}, 6),
      good,
    ])

    assert.equal(rows.length, 1)
    assert.equal(failure?.record.offset, 6)
    assert.equal(failure.error.code, code)
    assert.match(failure.error.message, /^orders\.orders\.curated, partition 2, offset 6 /)
    assert.match(failure.error.message, new RegExp(message))
  })
}
