import {
  DOUBLE,
  DuckDBDataChunk,
  DuckDBInstance,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
} from '@duckdb/node-api'
import { RetryableError, TerminalError, messageOf } from '@order-up/kit'
import { COLUMNS, DUCKDB, TABLE, createTableSql, type ColumnKind } from './ddl.ts'
import { queryDuckDb } from './duckdb-query.ts'
import { stagedMerge, type Session } from './staged-merge.ts'
import { DEFAULT_QUERY_LIMIT, type Warehouse, type WarehouseRow } from './warehouse.ts'

/** DuckDB's own, of a data chunk */
const CHUNK_ROWS = 2_048

const SETTINGS = {
  // Whoever may query may not reach other files or the network through it.
  enable_external_access: 'false',
  // DuckDB counts an update as whole vectors of 2,048 rows, so that at its default of 16 MB every commit of a few
  // hundred scattered rows rewrites the file: 400 rows into a million take 300 ms then, and 100 so. The price is a
  // longer log to replay after kill -9 (3 s at a million rows).
  checkpoint_threshold: '256MB',
}

const STAGE_TYPES: Readonly<Record<ColumnKind, DuckDBType>> = {
  text: VARCHAR,
  integer: DOUBLE,
  timestamp: DOUBLE,
}
const CHUNK_TYPES = COLUMNS.map(({ kind }) => STAGE_TYPES[kind])

/**
 * The embedded warehouse: one file, open in one process at a time.
 * @param path of the file, or `:memory:`
 * @throws TerminalError `WAREHOUSE_LOCKED` naming the process that holds the file
 */
export async function openDuckDb(path: string): Promise<Warehouse> {
  const instance = await open(path)
  const connection = await instance.connect()
  const session = duckDbSession(connection)
  return {
    name: `duckdb:${path}`,
    async prepare() {
      await connection.run(createTableSql(DUCKDB))
      await checkColumns(connection, path)
    },
    async merge(rows, loadedAt) {
      try {
        return await stagedMerge(session, DUCKDB, rows, loadedAt)
      } catch (error) {
        if (error instanceof RetryableError) throw error
        throw mergeFailed(path, error)
      }
    },
    query: (sql, { limit = DEFAULT_QUERY_LIMIT, signal } = {}) =>
      queryDuckDb(instance, sql, limit, signal),
    close() {
      connection.closeSync()
      instance.closeSync()
      return Promise.resolve()
    },
  }
}

async function open(path: string): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(path, SETTINGS)
  } catch (cause) {
    const holder = /PID (\d+)/.exec(messageOf(cause))?.[1]
    if (holder === undefined) {
      throw new TerminalError('WAREHOUSE', `Cannot open the DuckDB file ${path}`, { cause })
    }
    throw new TerminalError(
      'WAREHOUSE_LOCKED',
      `The DuckDB file ${path} is open in process ${holder}, and one process at a time may have it`,
      { remedy: `stop process ${holder}, or query through the sink: order-up query SQL` },
    )
  }
}

/** A table made by an older version of this code may lack columns. */
async function checkColumns(connection: DuckDBConnection, path: string) {
  try {
    await connection.prepare(
      `SELECT ${COLUMNS.map(({ name }) => name).join(', ')}, LOADED_AT FROM ${TABLE}`,
    )
  } catch (cause) {
    throw new TerminalError('WAREHOUSE_SCHEMA', `Table ${TABLE} of ${path} is not this sink's`, {
      cause,
      remedy: 'add the missing columns, or write to a new file',
    })
  }
}

function mergeFailed(path: string, cause: unknown) {
  // DuckDB refuses everything after a fatal error until the file is opened anew.
  if (/database has been invalidated/.test(messageOf(cause))) {
    return new TerminalError('WAREHOUSE', `DuckDB gave up on ${path}`, {
      cause,
      remedy: 'start the sink again; nothing is lost, it goes on from the committed offsets',
    })
  }
  return new RetryableError('WAREHOUSE', `DuckDB could not merge into ${path}`, { cause })
}

export function duckDbSession(connection: DuckDBConnection): Session {
  return {
    run: async (sql) => (await connection.run(sql)).rowsChanged,
    async count(table) {
      const rows = await (await connection.run(`SELECT count(*) FROM ${table}`)).getRows()
      return Number(rows[0]![0])
    },
    async fill(stage, rows) {
      const appender = await connection.createAppender(stage, null, 'temp')
      for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
        appender.appendDataChunk(chunkOf(rows.slice(start, start + CHUNK_ROWS)))
      }
      appender.closeSync()
    },
  }
}

function chunkOf(rows: readonly WarehouseRow[]): DuckDBDataChunk {
  const chunk = DuckDBDataChunk.create(CHUNK_TYPES, rows.length)
  for (const [index, { value }] of COLUMNS.entries()) {
    chunk.setColumnValues(index, rows.map(value))
  }
  return chunk
}
