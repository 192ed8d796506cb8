import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { RetryableError } from '@order-up/kit'
import { newKey, startFakeSnowflake } from '../test/fakesnow/server.ts'
import { rowOf } from '../test/rows.ts'
import { warehouseSuite } from '../test/warehouse-suite.ts'
import { openSnowflake } from './snowflake.ts'

/*
 * The real driver against fakesnow, which runs the statements on DuckDB. So this does not show:
 * - that Snowflake accepts the key, the role and its grants (fakesnow checks no login), or OCSP and proxies;
 * - Snowflake's own SQL: types and their limits, the MERGE's plan and cost, NUMBER overflow, a non-unique source;
 * - that one MERGE is atomic against others at the same time (fakesnow allows no concurrent writers of a key);
 * - that two rows of one key are possible (DuckDB's rules apply); code 000904 for a missing column;
 * - the privileges that temporary tables need; statement and login timeouts; a suspended compute warehouse;
 * - the speed of anything.
 */
const fake = await startFakeSnowflake()

describe(
  'Snowflake as a warehouse',
  { skip: 'missing' in fake ? `needs ${fake.missing}` : false },
  async () => {
    if ('missing' in fake) return
    const warehouse = openSnowflake(fake.options)
    after(async () => {
      await warehouse.close()
      await fake.stop()
    })
    await warehouse.prepare()

    warehouseSuite(() => warehouse, {
      runs: 5,
      empty: async () => void (await warehouse.query('DELETE FROM ORDERS')),
    })

    test('a batch larger than one INSERT is staged whole', async (t) => {
      const small = openSnowflake({ ...fake.options, insertRows: 3 })
      t.after(() => small.close())
      await warehouse.query('DELETE FROM ORDERS')
      const rows = Array.from({ length: 10 }, (_, i) => rowOf(`order ${i}`, 1))

      assert.deepEqual(await small.merge(rows, 0), { staged: 10, merged: 10 })
      assert.deepEqual((await warehouse.query('SELECT COUNT(*) FROM ORDERS')).rows, [[10]])
    })

    test('after a failure it logs in again', async () => {
      await assert.rejects(warehouse.query('SELECT * FROM NOWHERE'), { code: 'WAREHOUSE' })

      assert.deepEqual((await warehouse.query('SELECT 1')).rows, [[1]])
    })
  },
)

test('an unreachable Snowflake, and a bad key, are errors that may pass and do not show the key', async () => {
  const options = {
    url: 'http://127.0.0.1:9',
    account: 'nobody',
    user: 'SINK',
    database: 'D',
    schema: 'S',
  }
  for (const [privateKey, why] of [
    [newKey(), /ECONNREFUSED/],
    ['not a key', /private key/i],
  ] as const) {
    const warehouse = openSnowflake({ ...options, privateKey })
    await assert.rejects(warehouse.merge([rowOf('a', 1)], 0), (error) => {
      assert.ok(error instanceof RetryableError)
      assert.match(String(error.cause), why)
      assert.ok(!inspect(error, { depth: 9 }).includes(privateKey.slice(-60)))
      return true
    })
    await warehouse.close()
  }
})
