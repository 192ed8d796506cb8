import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test, type TestContext } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { rowOf, tableOf } from '../test/rows.ts'
import { warehouseSuite } from '../test/warehouse-suite.ts'
import { DUCKDB, createTableSql } from './ddl.ts'
import { duckDbSession, openDuckDb } from './duckdb.ts'
import { stagedMerge } from './staged-merge.ts'

describe('DuckDB as a warehouse', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  let current = await openDuckDb(':memory:')
  after(() => {
    connection.closeSync()
    instance.closeSync()
    return current.close()
  })
  /** Queries cannot delete, so a test gets a database of its own. */
  const empty = async () => {
    await current.close()
    current = await openDuckDb(':memory:')
    await current.prepare()
  }
  warehouseSuite(() => current, { runs: 40, empty })

  test('a stage that lacks a row fails the batch before anything is merged', async () => {
    await connection.run(createTableSql(DUCKDB))
    const session = duckDbSession(connection)
    const batch = [rowOf('a', 1), rowOf('b', 1)]
    const losing = {
      ...session,
      fill: (stage: string, rows: typeof batch) => session.fill(stage, rows.slice(1)),
    }

    await assert.rejects(stagedMerge(losing, DUCKDB, batch, 0), {
      code: 'STAGE_INCOMPLETE',
      message: 'The stage holds 1 rows of a batch of 2; nothing was merged',
    })

    assert.equal(await session.count('ORDERS'), 0)
    assert.deepEqual(await stagedMerge(session, DUCKDB, batch, 0), { staged: 2, merged: 2 })
    assert.equal(await session.count('ORDERS'), 2)
    assert.equal(await session.count("duckdb_tables() WHERE table_name LIKE 'STAGE%'"), 0)
  })

  test('a failed MERGE leaves the table as it was, and the batch can be merged again', async () => {
    await empty()
    await current.merge([rowOf('a', 1)], 0)
    const before = await tableOf(current)
    const broken = rowOf('a', 2)
    const nameless = { ...broken, order: { ...broken.order, status: null as never } }

    await assert.rejects(current.merge([rowOf('b', 1), nameless], 0), { code: 'WAREHOUSE' })

    assert.deepEqual(await tableOf(current), before)
    assert.deepEqual(await current.merge([rowOf('b', 1), broken], 0), { staged: 2, merged: 2 })
  })
})

async function fileIn(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-duckdb-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return join(dir, 'warehouse.duckdb')
}

test('a file that another process has open is an error that names the process', async (t) => {
  const path = await fileIn(t)
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { openDuckDb } from ${JSON.stringify(import.meta.resolve('./duckdb.ts'))}
       // held on to: a warehouse that is garbage may be collected, and its file with it be free
       globalThis.held = await openDuckDb(${JSON.stringify(path)})
       await globalThis.held.prepare()
       console.log('open')
       setInterval(() => {}, 1000)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(() => holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')

  await assert.rejects(openDuckDb(path), {
    code: 'WAREHOUSE_LOCKED',
    message: `The DuckDB file ${path} is open in process ${holder.pid}, and one process at a time may have it`,
  })

  holder.kill('SIGKILL')
  await once(holder, 'exit')
  await (await openDuckDb(path)).close()
})

test('a table that lacks columns is refused, not written to', async (t) => {
  const path = await fileIn(t)
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  await connection.run('CREATE TABLE ORDERS (ORDER_ID VARCHAR PRIMARY KEY)')
  connection.closeSync()
  instance.closeSync()
  const warehouse = await openDuckDb(path)
  t.after(() => warehouse.close())

  await assert.rejects(warehouse.prepare(), { code: 'WAREHOUSE_SCHEMA' })
})

test('a directory that is not there is an error of its own', async (t) => {
  const path = join(await fileIn(t), 'nowhere', 'x.duckdb')
  await assert.rejects(openDuckDb(path), { code: 'WAREHOUSE' })
})
