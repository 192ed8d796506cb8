import type { Command } from 'commander'
import { engineOf, type DeploymentId } from '@order-up/control'
import { createKafka, KafkaConfig, parseConfig, silentLog } from '@order-up/kit'
import { ENGINES } from '@order-up/schemas'
import {
  FIRST_DEPLOYMENT,
  provideEngine,
  startStack,
  type Stack,
  type StackOptions,
} from '@order-up/stack'
import { chooseDeployment, currentShares, parseEngine } from './engine-choice.ts'
import { startWorkers } from './pipeline.ts'
import { addCommonOptions, dataDirOf, integer, querySocketOf, type ReachOptions } from './reach.ts'
import type { Shell } from './shell.ts'

/** Options of every command that brings up a pipeline. */
export interface PipelineFlags extends ReachOptions {
  kafkaPort: number
  registryPort: number
  httpPort: number
  partitions: number
  workers?: number
  engine?: DeploymentId
}

const TELL_MS = 5_000

const port = integer(1, 65_535)

export function addPipelineFlags(command: Command): Command {
  return addCommonOptions(command)
    .option(
      '--engine <engine>',
      `${ENGINES.join(', ')} (default: the one that owns the orders of the data folder; node on a new one)`,
      parseEngine,
    )
    .option(
      '--workers <n>',
      'processes that share the partitions (default: 1); of flink, its parallelism (default: the number of cores)',
      integer(1, 64),
    )
    .option('--kafka-port <port>', 'of the broker', port, 9092)
    .option('--registry-port <port>', 'of the schema registry', port, 8081)
    .option(
      '--http-port <port>',
      'of the ingest (POST /events); 0 = any free one',
      integer(0, 65_535),
      8080,
    )
    .option('--partitions <n>', 'of topics that do not exist yet', integer(1, 1_000), 4)
    .addHelpText(
      'after',
      `
flink and kafka-streams are built at their first use and whenever their sources change (functions/engine-jvm); that
takes Maven, and a minute. ENGINE_JAVA_OPTIONS in the environment are options of their JVM, as -Xmx4g; their heap is at
most 1 GB and 512 MB without.`,
    )
}

export interface RunningStack extends Stack {
  dataDir: string
  querySocket: string
  /** whose engine runs */
  deployment: DeploymentId
}

/** What is the same however a pipeline is started. */
export type PipelineStart = Omit<StackOptions, 'env' | 'owner' | 'onProgress' | 'signal'> & {
  querySocket: string
  httpPort: number
  workers: number | undefined
  /** undefined = the owner of the data folder */
  engine: DeploymentId | undefined
}

/** Brings up the stack and its workers, or nothing: what had started is stopped where something fails. */
export async function runPipeline(
  shell: Shell,
  { querySocket, httpPort, workers, engine: asked, ...where }: PipelineStart,
  onProgress: (line: string) => void,
): Promise<RunningStack> {
  const { env, signal } = shell
  const { dataDir } = where
  const owner = asked ?? FIRST_DEPLOYMENT
  const stack = await startStack({ ...where, owner, env, onProgress, signal })
  try {
    const config = parseConfig(KafkaConfig, stack.kafkaConfig)
    const shares = await currentShares(createKafka(config, 'order-up.cli', silentLog()))
    const deployment = chooseDeployment(shares, asked, dataDir)
    const program = await provideEngine(engineOf(deployment), { env, onProgress, signal })
    onProgress(`Starting the workers: sink, engine ${deployment}, ingest`)
    const stopTelling = tellWhatStarts(stack, onProgress)
    await startWorkers(stack, {
      deployment,
      program,
      workers,
      httpPort,
      dataDir,
      querySocket,
    }).finally(stopTelling)
    signal.throwIfAborted()
    return { ...stack, dataDir, querySocket, deployment }
  } catch (error) {
    await stack.stop()
    throw error
  }
}

/** A JVM takes some seconds, and an engine that goes on has its state to restore. @returns what ends it */
function tellWhatStarts({ supervisor }: Stack, onProgress: (line: string) => void): () => void {
  const started = Date.now()
  const timer = setInterval(() => {
    const names = supervisor
      .status()
      .flatMap(({ name, state }) => (state === 'running' ? [] : name))
    const seconds = Math.round((Date.now() - started) / 1_000)
    onProgress(`  still starting after ${seconds} s: ${names.join(', ')}`)
  }, TELL_MS)
  return () => clearInterval(timer)
}

/** The pipeline of the data folder, as the flags say. */
export function runStack(
  shell: Shell,
  flags: PipelineFlags,
  onProgress: (line: string) => void,
): Promise<RunningStack> {
  const { kafkaPort, registryPort, httpPort, partitions, workers, engine } = flags
  const dataDir = dataDirOf(shell, flags)
  const querySocket = querySocketOf(shell, dataDir)
  onProgress(`Starting the broker and the registry; their data is in ${dataDir}`)
  const start = { dataDir, querySocket, kafkaPort, registryPort, httpPort, partitions }
  return runPipeline(shell, { ...start, workers, engine }, onProgress)
}
