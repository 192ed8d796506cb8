import snowflake, {
  type Binds,
  type Column,
  type Connection,
  type RowStatement,
} from 'snowflake-sdk'
import { OrderUpError, RetryableError, TerminalError } from '@order-up/kit'
import { COLUMNS, LOADED_AT, SNOWFLAKE, TABLE, createTableSql } from './ddl.ts'
import { stagedMerge, type Session } from './staged-merge.ts'
import {
  DEFAULT_QUERY_LIMIT,
  type QueryValue,
  type Warehouse,
  type WarehouseRow,
} from './warehouse.ts'

export interface SnowflakeOptions {
  account: string
  user: string
  /** PEM (PKCS#8), unencrypted; never logged */
  privateKey: string
  database: string
  schema: string
  /** compute warehouse; default: the user's own */
  warehouse?: string | undefined
  role?: string | undefined
  /** base URL, for a private link or a test; default: the account's own */
  url?: string | undefined
  /**
   * rows per INSERT into the stage (default 1,000): their binds must stay below the 65,280 above which the driver
   * uploads them to a stage of its own, which needs more rights than the sink's role has
   */
  insertRows?: number | undefined
}

/** Snowflake's codes for a table, and for a column, that is not there (or not for this role). */
const NO_SUCH_OBJECT = '002003'
const NO_SUCH_COLUMN = '000904'

// By default the driver writes snowflake.log into the working directory.
snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false })

/**
 * Snowflake, as a service user that logs in by key pair. It logs in with the first statement, and again after any
 * failure, so that an unreachable Snowflake is a RetryableError of that statement. The role needs USAGE on the
 * compute warehouse, database and schema, and SELECT, INSERT and UPDATE on the table; temporary tables need no more.
 */
export function openSnowflake({ insertRows = 1_000, ...options }: SnowflakeOptions): Warehouse {
  const name = `snowflake:${options.account}/${options.database}.${options.schema}`
  let current: Promise<Connection> | undefined

  /** Runs with a live connection; whatever fails may have broken it, so the next attempt gets a new one. */
  async function use<T>(what: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    current ??= logIn(options)
    try {
      return await work(await current)
    } catch (cause) {
      const failed = current
      current = undefined
      void failed.then(logOut, () => {})
      if (cause instanceof OrderUpError) throw cause
      throw new RetryableError('WAREHOUSE', `${name} could not ${what}`, { cause })
    }
  }

  return {
    name,
    prepare: () => use('look at its table', (connection) => prepare(connection, name)),
    merge: (rows, loadedAt) =>
      use('merge', (connection) =>
        stagedMerge(session(connection, insertRows), SNOWFLAKE, rows, loadedAt),
      ),
    query: (sql, { limit = DEFAULT_QUERY_LIMIT } = {}) =>
      use('answer', async (connection) => {
        const { statement, rows } = await execute(connection, sql)
        const columns = statement.getColumns() ?? []
        return {
          columns: columns.map((c) => ({ name: c.getName(), type: c.getType() })),
          rows: rows
            .slice(0, limit)
            .map((row) => row.map((value, i) => toJson(value, columns[i]!))),
          truncated: rows.length > limit,
        }
      }),
    async close() {
      if (current) await current.then(logOut, () => {})
    },
  }
}

/** Where a deployment made the table, the sink's role may use it but not create one: so look first. */
async function prepare(connection: Connection, name: string): Promise<void> {
  const columns = [...COLUMNS.map((column) => column.name), LOADED_AT].join(', ')
  try {
    await execute(connection, `SELECT ${columns} FROM ${TABLE} LIMIT 0`)
  } catch (cause) {
    const { code } = cause as { code?: string }
    if (code === NO_SUCH_COLUMN) {
      throw new TerminalError('WAREHOUSE_SCHEMA', `Table ${TABLE} of ${name} is not this sink's`, {
        cause,
        remedy: 'add the missing columns, or write to another schema',
      })
    }
    if (code !== NO_SUCH_OBJECT) throw cause
    await execute(connection, createTableSql(SNOWFLAKE))
  }
}

async function logIn({
  user,
  url,
  warehouse,
  role,
  ...options
}: SnowflakeOptions): Promise<Connection> {
  const connection = snowflake.createConnection({
    ...options,
    username: user,
    ...(url === undefined ? {} : { accessUrl: url }),
    ...(warehouse === undefined ? {} : { warehouse }),
    ...(role === undefined ? {} : { role }),
    authenticator: 'SNOWFLAKE_JWT',
    application: 'OrderUp',
    sfRetryMaxLoginRetries: 1, // the sink itself tries again, and says so
    clientSessionKeepAlive: true,
    rowMode: 'array',
    fetchAsString: ['Number'], // a JS number rounds NUMBER(38,0)
    representNullAsStringNull: false,
  })
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve(connection)))
  })
}

function logOut(connection: Connection): Promise<void> {
  return new Promise((resolve) => connection.destroy(() => resolve()))
}

interface Executed {
  statement: RowStatement
  /** numbers come as text */
  rows: (string | boolean | Date | null)[][]
}

function execute(connection: Connection, sqlText: string, binds?: Binds): Promise<Executed> {
  return new Promise((resolve, reject) => {
    connection.execute({
      sqlText,
      ...(binds ? { binds } : {}),
      complete: (error, statement, rows) => {
        if (error) reject(error)
        else resolve({ statement, rows: rows ?? [] })
      },
    })
  })
}

function session(connection: Connection, insertRows: number): Session {
  return {
    async run(sql) {
      // DML answers with one row of counts: "number of rows inserted", "number of rows updated"
      const { statement, rows } = await execute(connection, sql)
      const names = statement.getColumns()?.map((column) => column.getName()) ?? []
      const counts = names.map((name, i) => (/^number of rows/i.test(name) ? rows[0]?.[i] : 0))
      return counts.reduce((sum: number, count) => sum + Number(count), 0)
    },
    async count(table) {
      const { rows } = await execute(connection, `SELECT COUNT(*) FROM ${table}`)
      return Number(rows[0]![0])
    },
    async fill(stage, rows) {
      const insert = `INSERT INTO ${stage} VALUES (${COLUMNS.map(() => '?').join(', ')})`
      for (let start = 0; start < rows.length; start += insertRows) {
        await execute(connection, insert, rows.slice(start, start + insertRows).map(bindsOf))
      }
    },
  }
}

/** As text: the driver would pick a bind's type by the first row's value, and nulls have none. */
function bindsOf(row: WarehouseRow): (string | null)[] {
  return COLUMNS.map(({ value }) => {
    const staged = value(row)
    return staged === null ? null : String(staged)
  })
}

/** As DuckDB's: integers as numbers where that is exact, else as text; timestamps as ISO 8601 in UTC. */
function toJson(value: Executed['rows'][number][number], column: Column): QueryValue {
  if (value instanceof Date) return value.toISOString()
  if (typeof value !== 'string' || !column.isNumber()) return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
