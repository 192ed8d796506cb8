import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BLOB,
  BOOLEAN,
  BIGINT,
  INTEGER,
  VARCHAR,
  DuckDBDataChunk,
  DuckDBInstance,
  blobValue,
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'

/** Columns by name with their SQL type. */
export type Columns = Readonly<Record<string, keyof typeof TYPES>>
type Cell = string | number | bigint | boolean | Uint8Array | null
export type Row = Readonly<Record<string, Cell>>

const TYPES = { BLOB, BOOLEAN, BIGINT, INTEGER, VARCHAR } satisfies Record<string, DuckDBType>
/** DuckDB's vector size, the most that one chunk takes. */
const CHUNK_ROWS = 2_048

interface ScratchOptions {
  /** DuckDB's limit; default 1GB */
  memory?: string
  /** false where it is known to be small: a table is then made in a third of the time */
  onDisk?: boolean
  /** gives up the statement that runs */
  signal?: AbortSignal
}

/**
 * A throw-away DuckDB database on disk: verification holds neither the raw log nor the orders in this process's
 * memory. What does not fit DuckDB's own memory limit goes to its folder.
 */
export class Scratch {
  readonly #folder: string
  readonly #instance: DuckDBInstance
  readonly #db: DuckDBConnection
  readonly #signal: AbortSignal | undefined
  readonly #interrupt = () => this.#db.interrupt()

  private constructor(
    folder: string,
    instance: DuckDBInstance,
    db: DuckDBConnection,
    signal: AbortSignal | undefined,
  ) {
    this.#folder = folder
    this.#instance = instance
    this.#db = db
    this.#signal = signal
    signal?.addEventListener('abort', this.#interrupt)
  }

  /** In a temporary folder, which `close` deletes. */
  static async open({
    memory = '1GB',
    onDisk = true,
    signal,
  }: ScratchOptions = {}): Promise<Scratch> {
    const folder = await mkdtemp(join(tmpdir(), 'order-up-verify-'))
    const path = onDisk ? join(folder, 'verify.duckdb') : ':memory:'
    const instance = await DuckDBInstance.create(path, {
      memory_limit: memory,
      threads: '2',
      temp_directory: join(folder, 'spill'),
      preserve_insertion_order: 'false',
    })
    return new Scratch(folder, instance, await instance.connect(), signal)
  }

  async run(sql: string): Promise<void> {
    await this.#db.run(sql)
  }

  async rows<T extends Row>(sql: string): Promise<T[]> {
    const read = await this.#db.runAndReadAll(sql)
    return read.getRowObjectsJS() as unknown as T[]
  }

  /** One number: the first column of the first row. */
  async count(sql: string): Promise<number> {
    const read = await this.#db.runAndReadAll(sql)
    return Number(read.getRowsJS()[0]?.[0] ?? 0)
  }

  /** Rows one after another, while other tables are being written. */
  async *stream<T extends Row>(sql: string): AsyncGenerator<T> {
    const reader = await this.#instance.connect()
    try {
      const result = await reader.stream(sql)
      for await (const rows of result.yieldRowObjectJs()) yield* rows as unknown as T[]
    } finally {
      reader.closeSync()
    }
  }

  /** Creates a table and gives its appender. */
  async table(name: string, columns: Columns): Promise<Table> {
    const list = Object.entries(columns).map(([column, type]) => `${column} ${type}`)
    await this.#db.run(`CREATE TABLE ${name} (${list.join(', ')})`)
    const writer = await this.#instance.connect()
    return new Table(writer, await writer.createAppender(name), columns)
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#interrupt)
    this.#db.closeSync()
    this.#instance.closeSync()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Appends to one table, a chunk at a time. Nothing is sure to be there before `end`. */
export class Table {
  readonly #writer: DuckDBConnection
  readonly #appender: DuckDBAppender
  readonly #columns: { name: string; type: keyof typeof TYPES; values: DuckDBValue[] }[]
  readonly #chunk: DuckDBDataChunk
  #rows = 0

  constructor(writer: DuckDBConnection, appender: DuckDBAppender, columns: Columns) {
    this.#writer = writer
    this.#appender = appender
    this.#columns = Object.entries(columns).map(([name, type]) => ({ name, type, values: [] }))
    this.#chunk = DuckDBDataChunk.create(Object.values(columns).map((type) => TYPES[type]))
  }

  /** A column that `row` does not name is null. Integers of BIGINT columns may be numbers. */
  add(row: Row): void {
    for (const { name, type, values } of this.#columns)
      values[this.#rows] = valueOf(row[name] ?? null, type)
    if (++this.#rows === CHUNK_ROWS) this.#append()
  }

  end(): void {
    if (this.#rows > 0) this.#append()
    this.#appender.closeSync()
    this.#writer.closeSync()
  }

  #append() {
    for (const { values } of this.#columns) values.length = this.#rows
    this.#chunk.setColumns(this.#columns.map(({ values }) => values))
    this.#appender.appendDataChunk(this.#chunk)
    this.#rows = 0
  }
}

function valueOf(cell: Cell, type: keyof typeof TYPES): DuckDBValue {
  if (cell instanceof Uint8Array) return blobValue(cell)
  return type === 'BIGINT' && typeof cell === 'number' ? BigInt(cell) : cell
}
