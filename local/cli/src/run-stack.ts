import type { Command } from 'commander'
import { ownersIn, type DeploymentId } from '@order-up/control'
import { createKafka, KafkaConfig, parseConfig, silentLog } from '@order-up/kit'
import { ENGINES } from '@order-up/schemas'
import {
  FIRST_DEPLOYMENT,
  startStack,
  type EngineRun,
  type Stack,
  type StackOptions,
} from '@order-up/stack'
import { assertOwner, currentShares, parseEngine } from './engine-choice.ts'
import { keepEngines, type EngineSet } from './engine-set.ts'
import { readWishes, writeEngines } from './engines-file.ts'
import { edgeSpecs } from './pipeline.ts'
import { addCommonOptions, dataDirOf, integer, querySocketOf, type ReachOptions } from './reach.ts'
import { wishesAtStart } from './reconcile.ts'
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
      `${ENGINES.join(', ')} (default: all that ran last on the data folder; node on a new one)`,
      parseEngine,
    )
    .option(
      '--workers <n>',
      'of the engine: processes that share the partitions, of node in one command; of flink, its parallelism (default: as last time; at first 1, of flink the number of cores)',
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
  /** what runs now, by id */
  engines(): EngineRun[]
}

/** What is the same however a pipeline is started. */
export type PipelineStart = Omit<StackOptions, 'env' | 'owner' | 'onProgress' | 'signal'> & {
  querySocket: string
  httpPort: number
  workers: number | undefined
  /** undefined = what ran last on the data folder */
  engine: DeploymentId | undefined
}

/**
 * Brings up the stack and its workers, or nothing: what had started is stopped where something fails. Then engines start
 * and stop as engines.json says.
 * @param onProgress is told what happens, also later on
 * @throws OrderUpError `OTHER_OWNER`, `ENGINES_FILE`, or what the engine failed of; one of several may fail
 */
export async function runPipeline(
  shell: Shell,
  { querySocket, httpPort, workers, engine: asked, ...where }: PipelineStart,
  onProgress: (line: string) => void,
): Promise<RunningStack> {
  const { env, signal } = shell
  const { dataDir } = where
  const owner = asked ?? FIRST_DEPLOYMENT
  const stack = await startStack({ ...where, owner, env, onProgress, signal })
  let engines: EngineSet | undefined
  const stop = async () => {
    await engines?.close()
    await stack.stop()
  }
  try {
    const config = parseConfig(KafkaConfig, stack.kafkaConfig)
    const record = await currentShares(createKafka(config, 'order-up.cli', silentLog()))
    assertOwner(record, asked, dataDir)
    const found = await readWishes(dataDir)
    const wishes = wishesAtStart(found?.engines, record, { asked, workers })
    wishes.said.forEach(onProgress)
    await writeEngines(dataDir, wishes.engines)
    const names = wishes.engines.map(({ deployment }) => deployment).join(' and ')
    onProgress(`Starting the workers: sink, engine ${names}, ingest`)
    const stopTelling = tellWhatStarts(stack, onProgress)
    try {
      engines = keepEngines(stack, { dataDir, env, onProgress, signal })
      const edges = edgeSpecs(stack, { httpPort, dataDir, querySocket })
      await Promise.all([
        ...edges.map((spec) => stack.supervisor.start(spec)),
        engines.settled(ownersIn(record.shares)), // whoever owns nothing may take its time
      ])
    } finally {
      stopTelling()
    }
    signal.throwIfAborted()
    return { ...stack, dataDir, querySocket, engines: engines.list, stop }
  } catch (error) {
    await stop()
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
