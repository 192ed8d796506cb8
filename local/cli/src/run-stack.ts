import type { Command } from 'commander'
import { ENGINES, type Engine } from '@order-up/schemas'
import { startStack, type Stack } from '@order-up/stack'
import { startWorkers } from './pipeline.ts'
import { addCommonOptions, dataDirOf, integer, querySocketOf, type ReachOptions } from './reach.ts'
import { UsageError, type Shell } from './shell.ts'

/** Options of every command that brings up a stack. */
export interface StackOptions extends ReachOptions {
  kafkaPort: number
  registryPort: number
  httpPort: number
  partitions: number
  workers: number
  engine: string
}

const port = integer(1, 65_535)

export function addStackOptions(command: Command): Command {
  return addCommonOptions(command)
    .option('--kafka-port <port>', 'of the broker', port, 9092)
    .option('--registry-port <port>', 'of the schema registry', port, 8081)
    .option(
      '--http-port <port>',
      'of the ingest (POST /events); 0 = any free one',
      integer(0, 65_535),
      8080,
    )
    .option('--partitions <n>', 'of topics that do not exist yet', integer(1, 1_000), 4)
    .option('--workers <n>', 'engine workers, which share the partitions', integer(1, 64), 1)
    .option('--engine <engine>', ENGINES.join(', '), 'node')
}

/** @throws UsageError for an engine that there is not (yet) */
export function checkEngine(engine: string): void {
  if (engine === 'node') return
  if (!ENGINES.includes(engine as Engine))
    throw new UsageError(`There is no engine ${engine}`, `use one of ${ENGINES.join(', ')}`)
  throw new UsageError(`The engine ${engine} comes in a later version`, 'use --engine node')
}

export interface RunningStack extends Stack {
  dataDir: string
  querySocket: string
}

/** Brings up the stack and its workers, or nothing: what had started is stopped where something fails. */
export async function runStack(
  shell: Shell,
  options: StackOptions,
  onProgress: (line: string) => void,
): Promise<RunningStack> {
  checkEngine(options.engine)
  const dataDir = dataDirOf(shell, options)
  const querySocket = querySocketOf(shell, dataDir)
  onProgress(`Starting the broker and the registry; their data is in ${dataDir}`)
  const stack = await startStack({
    dataDir,
    kafkaPort: options.kafkaPort,
    registryPort: options.registryPort,
    partitions: options.partitions,
    env: shell.env,
    onProgress,
    signal: shell.signal,
  })
  try {
    onProgress('Starting the workers: sink, engine, ingest')
    const { workers, httpPort } = options
    await startWorkers(stack, { workers, httpPort, dataDir, querySocket })
    shell.signal.throwIfAborted()
    return { ...stack, dataDir, querySocket }
  } catch (error) {
    await stack.stop()
    throw error
  }
}
