import { join, resolve } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import {
  KafkaConfig,
  OrderUpError,
  createKafka,
  createRegistry,
  messageOf,
  parseConfig,
  silentLog,
  type Registry,
} from '@order-up/kit'
import { readRun, type Run } from '@order-up/stack'
import type { Admin, Kafka } from 'kafkajs'
import type { Shell } from './shell.ts'

/** Options of every command that talks to a pipeline. */
export interface ReachOptions {
  dataDir?: string
  brokers?: string
  registry?: string
  json?: boolean
}

export function addReachOptions(command: Command): Command {
  return addCommonOptions(command)
    .option('--brokers <host:port,...>', 'Kafka to use instead (or KAFKA_BROKERS)')
    .option('--registry <url>', 'schema registry to use instead (or SCHEMA_REGISTRY_URL)')
}

export function addCommonOptions(command: Command): Command {
  return command
    .option('--data-dir <dir>', "the stack's data (default: .order-up in the project)")
    .option('--json', 'answer in JSON')
}

/** A parser of options: an integer of at least `min`. */
export const integer =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    const bound = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`
    throw new InvalidArgumentError(`It must be a whole number, ${bound}.`)
  }

/** How a command reaches the pipeline. */
export interface Reach {
  dataDir: string
  /** what the stack of `dataDir` says of itself; undefined where none runs */
  run: Run | undefined
  config: KafkaConfig
  kafka: Kafka
  registry: Registry
  /** where the sink answers queries */
  querySocket: string
}

export const dataDirOf = (shell: Shell, { dataDir }: ReachOptions) =>
  resolve(dataDir ?? join(shell.root, '.order-up'))

export const querySocketOf = (shell: Shell, dataDir: string) =>
  shell.env['QUERY_SOCKET'] ?? join(dataDir, 'warehouse.sock')

/**
 * Finds the pipeline: the Kafka that options or the environment name, else the stack that runs on the data folder.
 * @throws OrderUpError `NOTHING_RUNS`
 */
export async function reach(shell: Shell, options: ReachOptions): Promise<Reach> {
  const dataDir = dataDirOf(shell, options)
  const run = await readRun(dataDir)
  const given = {
    ...shell.env,
    ...(options.brokers === undefined ? {} : { KAFKA_BROKERS: options.brokers }),
    ...(options.registry === undefined ? {} : { SCHEMA_REGISTRY_URL: options.registry }),
  }
  if (given.KAFKA_BROKERS === undefined && !run) throw nothingRuns(dataDir)
  const config = parseConfig(KafkaConfig, {
    ...given,
    KAFKA_BROKERS: given.KAFKA_BROKERS ?? run?.brokers,
    SCHEMA_REGISTRY_URL: given.SCHEMA_REGISTRY_URL ?? run?.registryUrl,
  })
  return {
    dataDir,
    run,
    config,
    kafka: createKafka(config, 'order-up.cli', silentLog()),
    registry: createRegistry(config.SCHEMA_REGISTRY_URL),
    querySocket: querySocketOf(shell, dataDir),
  }
}

/** @throws OrderUpError `NOTHING_RUNS`, unless the environment says where the sink answers */
export async function requireRun(shell: Shell, dataDir: string): Promise<void> {
  if (shell.env['QUERY_SOCKET'] === undefined && !(await readRun(dataDir)))
    throw nothingRuns(dataDir)
}

/** There is no stack to talk to. */
export const nothingRuns = (dataDir: string) =>
  new OrderUpError('NOTHING_RUNS', `No stack runs on ${dataDir}`, {
    remedy: 'start one with `npm start` (or `npm run order-up -- up` for one without a generator)',
  })

/** Runs `use` with Kafka's admin client. @throws OrderUpError `KAFKA_UNREACHABLE` */
export async function withAdmin<T>(
  { kafka, config }: Pick<Reach, 'kafka' | 'config'>,
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin({ retry: { retries: 3 } })
  try {
    await admin.connect()
  } catch (cause) {
    throw new OrderUpError(
      'KAFKA_UNREACHABLE',
      `Kafka at ${config.KAFKA_BROKERS.join(',')} does not answer`,
      { cause: new Error(messageOf(cause)), remedy: 'see what runs: `npm run order-up -- status`' },
    )
  }
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}
