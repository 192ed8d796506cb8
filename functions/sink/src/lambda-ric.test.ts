import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startLambda } from '@order-up/kit/testing'
import { encodeCurated } from '@order-up/schemas'
import { mskRecord } from '../test/msk-event.ts'
import { rowOf } from '../test/rows.ts'
import { openDuckDb } from './duckdb.ts'

// Not shown: Lambda's own poller (what it does with the answer). The bundle, with Snowflake: local/e2e, bundles.test.ts.

const TOPIC = 'orders.orders.curated'

test('the handler runs under the real Lambda runtime client', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-lambda-test-'))
  t.after(() => rm(dir, { recursive: true }))
  const path = join(dir, 'w.duckdb')
  let away = true
  const registry = createServer((request, response) => {
    if (away) return response.writeHead(503).end()
    response.end(request.url?.endsWith('/versions') ? '[1]' : '{"id":7}')
  }).listen(0, '127.0.0.1')
  t.after(() => registry.close())
  await once(registry, 'listening')
  const lambda = await startLambda(import.meta.resolve('./lambda.ts'), {
    WAREHOUSE: `duckdb:${path}`,
    SCHEMA_REGISTRY_URL: `http://127.0.0.1:${(registry.address() as AddressInfo).port}`,
    LOG_LEVEL: 'silent',
    METRICS: 'emf',
    STACK: 'test',
  })
  if ('missing' in lambda) return t.skip(`needs ${lambda.missing}`)
  t.after(() => lambda.stop())
  const value = (order: string, version: number) => encodeCurated(rowOf(order, version).order, 7)
  const event = {
    eventSource: 'aws:kafka',
    records: {
      [`${TOPIC}-0`]: [
        mskRecord(0, 15, value('a', 1)),
        mskRecord(0, 16, value('a', 2)),
        mskRecord(0, 17, Buffer.from('garbage')),
      ],
      [`${TOPIC}-1`]: [mskRecord(1, 3, value('b', 1))],
    },
  }

  const failed = await lambda.invoke(event)
  away = false
  const first = await lambda.invoke(event)
  const again = await lambda.invoke(event)

  assert.equal(failed.ok, false)
  assert.match(JSON.stringify(failed.body), /does not answer/)
  const partial = {
    batchItemFailures: [{ itemIdentifier: { partition: `${TOPIC}-0`, offset: 17 } }],
  }
  assert.deepEqual(first, { ok: true, body: partial })
  assert.deepEqual(again, { ok: true, body: partial })
  await lambda.stop()
  // the runtime client writes the failure there, too
  const [line, ...more] = lambda.stdout().match(/^\{.*$/gm)!
  const { Stack, Worker, MergedRows, EventToWarehouseSeconds } = JSON.parse(line) as {
    [name: string]: unknown
    EventToWarehouseSeconds: number[]
  }
  assert.deepEqual([Stack, Worker, MergedRows], ['test', 'sink', 2])
  assert.equal(EventToWarehouseSeconds.length, 3)
  assert.deepEqual(more, [], 'one line a minute')
  const warehouse = await openDuckDb(path)
  const { rows } = await warehouse.query('SELECT ORDER_ID, VERSION FROM ORDERS ORDER BY 1')
  await warehouse.close()
  assert.deepEqual(rows, [
    ['a', 2],
    ['b', 1],
  ])
})
