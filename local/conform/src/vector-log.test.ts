import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fold, rowOf, type OrderState } from '@order-up/fold'
import { decodeRaw, partitionOf, RAW_SCHEMA_VERSION } from '@order-up/schemas'
import { loadVectors } from '@order-up/schemas/vectors'
import { stops, vectorLog } from './vector-log.ts'

const SCHEMA_ID = 7
const TARGET = { schemaId: SCHEMA_ID, partitions: 4 }
const vectors = loadVectors().filter((vector) => !stops(vector))
const records = vectors.flatMap(({ steps }) => steps).reduce((n, { times = 1 }) => n + times, 0)

test('as one log on one topic, every vector still asks for what its file says', () => {
  const states = new Map<string, OrderState>()
  const ids = new Map([[SCHEMA_ID, RAW_SCHEMA_VERSION]])
  const log = vectorLog(vectors, TARGET)

  assert.equal(log.length, records)
  for (const { meaning, vector, step, ...record } of log) {
    const where = `${vector}, step ${step}`
    const decoded = decodeRaw(record, ids, TARGET.partitions)
    if (meaning.is === 'rejected') {
      assert.equal(decoded.kind === 'rejected' && decoded.reason, meaning.reason, where)
      continue
    }
    assert.equal(decoded.kind, 'event', where)
    if (decoded.kind !== 'event') continue
    const { order_id } = decoded.event
    const state = fold(states.get(order_id) ?? null, decoded.event)
    if (meaning.is === 'duplicate') assert.equal(state, 'duplicate', where)
    else {
      assert.ok(state !== 'duplicate', where)
      states.set(order_id, state)
      if (meaning.is === 'row') assert.deepEqual(rowOf(order_id, state), meaning.row, where)
    }
  }
})

test('no order is of two vectors, and applied records lie on their key’s partition', () => {
  const vectorOf = new Map<string, string>()
  for (const { key, partition, meaning, vector } of vectorLog(vectors, TARGET)) {
    if (meaning.is !== 'row' && meaning.is !== 'applied') continue
    assert.equal(partition, partitionOf(key!, TARGET.partitions))
    assert.equal(vectorOf.get(key!.toString()) ?? vector, vector)
    vectorOf.set(key!.toString(), vector)
  }
})
