import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Writer } from '@order-up/schemas'
import { FILLED, lineageOf, NOT_OURS, STRAY } from './lineage.ts'
import type { RecordView } from '@order-up/kit'

type Headers = readonly (readonly [string, string | null])[]

function recordWith(headers: Headers): RecordView {
  const w = new Writer()
  for (const [name, value] of headers) {
    w.string(name)
    if (value === null) w.long(-1)
    else w.string(value)
  }
  const [buf, end] = [w.since(0), w.pos]
  const none = { keyStart: 0, keyLength: -1, valueStart: 0, valueLength: -1 }
  return {
    buf,
    offset: 0,
    timestamp: 0,
    ...none,
    headerCount: headers.length,
    headersStart: 0,
    end,
  }
}

const engine = ['engine', 'node-1'] as const
const partition = ['raw-partition', '3'] as const
const offset = ['raw-offset', '120045'] as const

test('a row says which raw record it is of, and who wrote it', () => {
  const rows: [Headers, number][] = [
    [[engine, partition, offset], 120_045],
    [[offset, ['trace', null], partition, engine], 120_045],
    [[engine, partition, ['raw-offset', '0']], 0],
    [[['engine', 'node-11'], partition, offset], NOT_OURS],
    [[partition, offset], NOT_OURS],
    [[engine, partition, offset, ['order-up-filled', '4']], FILLED],
    [[engine, ['raw-partition', '2'], offset], STRAY],
    [[engine, offset], STRAY],
    [[engine, partition], STRAY],
    [[engine, partition, ['raw-offset', '-1']], STRAY],
    [[engine, partition, ['raw-offset', '1e3']], STRAY],
    [[engine, partition, ['raw-offset', '']], STRAY],
    [[engine, partition, ['raw-offset', null]], STRAY],
  ]
  const ask = lineageOf('row', 'node-1', 3)
  for (const [headers, expected] of rows)
    assert.equal(ask(recordWith(headers)), expected, JSON.stringify(headers))
})

test('a dead letter does so in headers of its own; those of the raw record may say anything', () => {
  const ask = lineageOf('dead letter', 'flink-1', 0)
  const letter = recordWith([
    engine,
    offset,
    ['dlq-offset', '7'],
    ['dlq-partition', '0'],
    ['dlq-engine', 'flink-1'],
  ])
  assert.equal(ask(letter), 7)
})
