import { readFile } from 'node:fs/promises'
import { KafkaConfig, LogLevel, MetricsConfig, TerminalError } from '@order-up/kit'
import { z } from 'zod'
import type { Warehouse } from './warehouse.ts'

const text = z.string().min(1)

/** Which warehouse, for both entry points. */
const WarehouseConfig = z.object({
  /** `duckdb:<path of the file>`, or `snowflake:` with SNOWFLAKE_* */
  WAREHOUSE: z.string().regex(/^(duckdb:.+|snowflake:)$/, 'duckdb:<path> or snowflake:'),
  SNOWFLAKE_ACCOUNT: text.optional(),
  SNOWFLAKE_USER: text.optional(),
  SNOWFLAKE_DATABASE: text.optional(),
  SNOWFLAKE_SCHEMA: text.optional(),
  /** compute warehouse and role; default: the user's own */
  SNOWFLAKE_WAREHOUSE: text.optional(),
  SNOWFLAKE_ROLE: text.optional(),
  /** base URL, for a private link; default: the account's own */
  SNOWFLAKE_URL: z.url().optional(),
  /** the key (PEM, PKCS#8, unencrypted) in a file, or itself as a container's secret */
  SNOWFLAKE_PRIVATE_KEY_PATH: text.optional(),
  SNOWFLAKE_PRIVATE_KEY: text.optional(),
})
export type WarehouseConfig = z.infer<typeof WarehouseConfig>

const NEEDED = [
  'SNOWFLAKE_ACCOUNT',
  'SNOWFLAKE_USER',
  'SNOWFLAKE_DATABASE',
  'SNOWFLAKE_SCHEMA',
] as const

/** Both entry points' own; the worker adds to it. */
export const SinkConfig = z.object({
  ...KafkaConfig.shape,
  ...WarehouseConfig.shape,
  ...MetricsConfig.shape,
  LOG_LEVEL: LogLevel,
})

/** Checks across the keys of a warehouse. */
export function checkWarehouse(config: WarehouseConfig, context: z.RefinementCtx) {
  if (config.WAREHOUSE !== 'snowflake:') return
  const demand = (key: string, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message })
  for (const key of NEEDED) {
    if (config[key] === undefined) demand(key, 'needed with WAREHOUSE=snowflake:')
  }
  const { SNOWFLAKE_PRIVATE_KEY: key, SNOWFLAKE_PRIVATE_KEY_PATH: path } = config
  if ((key === undefined) === (path === undefined)) {
    demand('SNOWFLAKE_PRIVATE_KEY_PATH', 'exactly one of this and SNOWFLAKE_PRIVATE_KEY is needed')
  }
}

/** @throws TerminalError if a DuckDB file cannot be opened, or a key file not read */
export async function openWarehouse(config: WarehouseConfig): Promise<Warehouse> {
  const { WAREHOUSE: which } = config
  // each is loaded by those who use it: Snowflake's driver takes half a second, and DuckDB is not part of a bundle
  if (which.startsWith('duckdb:')) {
    const { openDuckDb } = await import('./duckdb.ts')
    return openDuckDb(which.slice('duckdb:'.length))
  }
  const { openSnowflake } = await import('./snowflake.ts')
  return openSnowflake({
    account: config.SNOWFLAKE_ACCOUNT!,
    user: config.SNOWFLAKE_USER!,
    database: config.SNOWFLAKE_DATABASE!,
    schema: config.SNOWFLAKE_SCHEMA!,
    warehouse: config.SNOWFLAKE_WAREHOUSE,
    role: config.SNOWFLAKE_ROLE,
    url: config.SNOWFLAKE_URL,
    privateKey: config.SNOWFLAKE_PRIVATE_KEY ?? (await keyIn(config.SNOWFLAKE_PRIVATE_KEY_PATH!)),
  })
}

async function keyIn(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new TerminalError('CONFIG', `Cannot read SNOWFLAKE_PRIVATE_KEY_PATH=${path}`, { cause })
  }
}
