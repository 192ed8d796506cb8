import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { engineOf, type DeploymentId } from '@order-up/control'
import {
  engineChild,
  freePort,
  type ChildSpec,
  type EngineProgram,
  type Stack,
} from '@order-up/stack'

export interface PipelineOptions {
  deployment: DeploymentId
  /** of the deployment's engine */
  program: EngineProgram
  /** how many ways the engine works at once; undefined = its own default */
  workers: number | undefined
  /** of the ingest; 0 = any free one */
  httpPort: number
  /** where state, snapshots and the warehouse are kept */
  dataDir: string
  querySocket: string
}

const entry = (workspace: string) =>
  fileURLToPath(new URL('main.ts', import.meta.resolve(`@order-up/${workspace}`)))

/** One process of an engine, by what it gets in its environment on top of its place. */
type Share = Readonly<Record<string, string>>

/**
 * How an engine divides its work: the Node engine runs one process for each worker; so does Kafka Streams, and shares
 * the cores among them; Flink runs one, with so many subtasks.
 */
export function divide(
  deployment: DeploymentId,
  workers: number | undefined,
  cores = availableParallelism(),
): Share[] {
  switch (engineOf(deployment)) {
    case 'node':
      return Array.from({ length: workers ?? 1 }, () => ({}))
    case 'kafka-streams': {
      if (workers === undefined) return [{}]
      const THREADS = String(Math.max(1, Math.floor(cores / workers)))
      return Array.from({ length: workers }, () => ({ THREADS }))
    }
    case 'flink':
      return [workers === undefined ? {} : { PARALLELISM: String(workers) }]
  }
}

/** Whether a worker of the supervisor's is one of a deployment's. */
export const isWorkerOf = (deployment: string, name: string) =>
  name === deployment || name.startsWith(`${deployment}.`)

/** The workers of the pipeline, in the order of the data's way backwards: who reads is there before who writes. */
async function workerSpecs(stack: Stack, options: PipelineOptions): Promise<ChildSpec[]> {
  const { deployment, program, workers, httpPort, dataDir, querySocket } = options
  const shares = divide(deployment, workers)
  const engines = shares.map(async (share, i) =>
    engineChild(program, {
      name: shares.length === 1 ? deployment : `${deployment}.${i + 1}`,
      deployment,
      instance: String(i + 1),
      stateDir: join(dataDir, 'state'),
      httpPort: await freePort(),
      env: { ...stack.kafkaConfig, SNAPSHOT_URL: join(dataDir, 'snapshots'), ...share },
    }),
  )
  const sink: ChildSpec = {
    name: 'sink',
    module: entry('sink'),
    env: {
      ...stack.kafkaConfig,
      WAREHOUSE: `duckdb:${join(dataDir, 'warehouse.duckdb')}`,
      QUERY_SOCKET: querySocket,
      HTTP_PORT: '0',
    },
  }
  const ingest: ChildSpec = {
    name: 'ingest',
    module: entry('producer'),
    env: { ...stack.kafkaConfig, HTTP_PORT: String(httpPort) },
  }
  return [sink, ...(await Promise.all(engines)), ingest]
}

/** Starts the workers beside the stack, all at once. */
export async function startWorkers(stack: Stack, options: PipelineOptions): Promise<void> {
  await mkdir(join(options.dataDir, 'snapshots'), { recursive: true })
  const specs = await workerSpecs(stack, options)
  await Promise.all(specs.map((spec) => stack.supervisor.start(spec)))
}
