import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RetryableError, silentLog } from '@order-up/kit'
import { encodeCurated } from '@order-up/schemas'
import { mskRecord } from '../test/msk-event.ts'
import { rowOf } from '../test/rows.ts'
import { createDecoder } from './decode.ts'
import { openDuckDb } from './duckdb.ts'
import { createHandler } from './lambda.ts'
import { createSinkMetrics } from './metrics.ts'
import type { WarehouseRow } from './warehouse.ts'

const ID = 7

function handlerInto(merged: WarehouseRow[][]) {
  return createHandler({
    decode: createDecoder(() => Promise.resolve(new Map([[ID, 1]]))),
    metrics: createSinkMetrics(),
    log: silentLog(),
    warehouse: {
      merge(rows) {
        merged.push([...rows])
        return Promise.resolve({ staged: rows.length, merged: rows.length })
      },
    },
  })
}

const curated = (partition: number, offset: number, order = 'a', version = 1) =>
  mskRecord(partition, offset, encodeCurated(rowOf(order, version).order, ID), {
    engine: 'nöde-1',
    'raw-partition': '3',
    'raw-offset': '41',
  })

test('all partitions go into one MERGE, with their lineage', async () => {
  const merged: WarehouseRow[][] = []

  const response = await handlerInto(merged)({
    eventSource: 'aws:kafka',
    records: {
      'orders.orders.curated-0': [curated(0, 5, 'a'), curated(0, 6, 'b')],
      'orders.orders.curated-2': [curated(2, 1, 'c')],
    },
  })

  assert.deepEqual(response, { batchItemFailures: [] })
  assert.equal(merged.length, 1)
  assert.deepEqual(
    merged[0]!.map(({ order, partition, offset, engine, rawPartition, rawOffset }) => [
      order.order_id,
      partition,
      offset,
      engine,
      rawPartition,
      rawOffset,
    ]),
    [
      ['a', 0, 5, 'nöde-1', 3, 41],
      ['b', 0, 6, 'nöde-1', 3, 41],
      ['c', 2, 1, 'nöde-1', 3, 41],
    ],
  )
})

test('a broken record holds up its own partition from there on, and no other', async () => {
  const merged: WarehouseRow[][] = []

  const response = await handlerInto(merged)({
    records: {
      'orders.orders.curated-0': [
        curated(0, 5, 'a'),
        mskRecord(0, 6, Buffer.from('garbage')),
        curated(0, 7, 'lost if it were merged before 6 is understood'),
      ],
      'orders.orders.curated-1': [mskRecord(1, 3, null)],
      'orders.orders.curated-2': [curated(2, 1, 'c')],
    },
  })

  assert.deepEqual(response, {
    batchItemFailures: [
      { itemIdentifier: { partition: 'orders.orders.curated-0', offset: 6 } },
      { itemIdentifier: { partition: 'orders.orders.curated-1', offset: 3 } },
    ],
  })
  assert.deepEqual(
    merged[0]!.map(({ order }) => order.order_id),
    ['a', 'c'],
  )
})

test('what concerns the whole event is thrown, so that Lambda delivers it again', async () => {
  const away = new RetryableError('X', 'away')
  const event = { records: { 'orders.orders.curated-0': [curated(0, 5)] } }
  const metrics = createSinkMetrics()
  const parts = { metrics, log: silentLog(), decode: createDecoder(async () => new Map([[ID, 1]])) }

  const noWarehouse = createHandler({ ...parts, warehouse: { merge: () => Promise.reject(away) } })
  await assert.rejects(noWarehouse(event), away)
  const noRegistry = createHandler({
    ...parts,
    decode: createDecoder(() => Promise.reject(away)),
    warehouse: { merge: () => assert.fail('nothing to merge') },
  })
  await assert.rejects(noRegistry(event), away)
  await assert.rejects(handlerInto([])({ Records: [] }), /records/)
})

test('an event delivered twice, or with a row of an aborted transaction before the same row again, changes nothing', async (t) => {
  const warehouse = await openDuckDb(':memory:')
  t.after(() => warehouse.close())
  await warehouse.prepare()
  const decode = createDecoder(() => Promise.resolve(new Map([[ID, 1]])))
  const metrics = createSinkMetrics()
  const handler = createHandler({ decode, warehouse, metrics, log: silentLog() })
  const aborted = curated(0, 5, 'a', 2)
  const event = { records: { 'orders.orders.curated-0': [aborted, curated(0, 9, 'a', 2)] } }

  await handler(event)
  const once = (await warehouse.query('SELECT * FROM ORDERS')).rows
  await handler(event)

  assert.equal(once.length, 1)
  assert.deepEqual((await warehouse.query('SELECT * FROM ORDERS')).rows, once)
})
