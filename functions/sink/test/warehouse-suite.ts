import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { COLUMNS } from '../src/ddl.ts'
import type { Warehouse } from '../src/warehouse.ts'
import { EXTREME, deliveries, newest, rowOf, tableOf } from './rows.ts'

const LOADED = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

/** What every warehouse must do. @param runs of the property, by how fast the warehouse is */
export function warehouseSuite(
  warehouse: () => Warehouse,
  { empty, runs }: { empty: () => Promise<void>; runs: number },
) {
  test('every value comes back exactly as it went in', async () => {
    await empty()
    const usual = rowOf('zz', 5)

    const counts = await warehouse().merge([EXTREME, usual], LOADED)

    assert.deepEqual(counts, { staged: 2, merged: 2 })
    const expected = [EXTREME, usual].map((row) => ({
      ...Object.fromEntries(
        COLUMNS.map(({ name, kind, value }) => {
          const staged = value(row)
          const stored = kind === 'timestamp' && staged !== null ? isoOf(staged) : staged
          return [name.toLowerCase(), stored]
        }),
      ),
      loaded_at: isoOf(LOADED),
    }))
    assert.deepEqual(await tableOf(warehouse()), expected)
  })

  test('of a batch the newest version is merged, by number and not by digits', async () => {
    await empty()
    const batch = [rowOf('a', 9), rowOf('a', 10), rowOf('a', 2)]

    const counts = await warehouse().merge(batch, LOADED)

    assert.deepEqual(counts, { staged: 3, merged: 1 })
    assert.deepEqual(await versions(), [['a', 10]])
  })

  test('an older or equal version changes nothing, not even the load time or the lineage', async () => {
    await empty()
    await warehouse().merge([rowOf('a', 3), rowOf('b', 1)], LOADED)
    const before = await tableOf(warehouse())

    const counts = await warehouse().merge([rowOf('a', 3, 77), rowOf('a', 2)], LOADED + 1)

    assert.deepEqual(counts, { staged: 2, merged: 0 })
    assert.deepEqual(await tableOf(warehouse()), before)
  })

  test('a newer version replaces the row, and nulls replace values', async () => {
    await empty()
    await warehouse().merge([rowOf('a', 1)], LOADED)

    await warehouse().merge([rowOf('a', 6)], LOADED + 1)

    const [row] = await tableOf(warehouse())
    assert.equal(row?.['version'], 6)
    assert.equal(row?.['customer_id'], null)
    assert.equal(row?.['loaded_at'], isoOf(LOADED + 1))
  })

  test('batches in any order, cut anywhere, repeated: the table is the same', async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, async ({ rows, batches }) => {
        await empty()
        for (const batch of batches) await warehouse().merge(batch, LOADED)
        const expected = newest(rows).map(({ order_id, version, paid_amount, last_event_id }) => [
          order_id,
          version,
          paid_amount,
          last_event_id,
        ])
        const sql =
          'SELECT ORDER_ID, VERSION, PAID_AMOUNT, LAST_EVENT_ID FROM ORDERS ORDER BY ORDER_ID'
        assert.deepEqual((await warehouse().query(sql)).rows, expected)
      }),
      { numRuns: runs },
    )
  })

  test('prepare() of a table that is there leaves it as it is', async () => {
    await empty()
    await warehouse().merge([rowOf('a', 1)], LOADED)

    await warehouse().prepare()

    assert.deepEqual(await versions(), [['a', 1]])
  })

  test('a query is cut at its limit and says so', async () => {
    await empty()
    await warehouse().merge([rowOf('a', 1), rowOf('b', 1), rowOf('c', 1)], LOADED)
    const sql = 'SELECT ORDER_ID FROM ORDERS ORDER BY ORDER_ID'

    const cut = await warehouse().query(sql, { limit: 2 })
    const whole = await warehouse().query(sql, { limit: 3 })

    assert.deepEqual([cut.rows, cut.truncated], [[['a'], ['b']], true])
    assert.deepEqual([whole.rows.length, whole.truncated], [3, false])
  })

  const versions = async () =>
    (await warehouse().query('SELECT ORDER_ID, VERSION FROM ORDERS ORDER BY ORDER_ID')).rows
}

const isoOf = (ms: string | number) => new Date(ms).toISOString()
