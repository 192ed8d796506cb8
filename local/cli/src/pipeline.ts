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

/** The module that a Node worker of ours begins with. */
export const entryOf = (workspace: string) =>
  fileURLToPath(new URL('main.ts', import.meta.resolve(`@order-up/${workspace}`)))

/** One process of an engine, by what it gets in its environment on top of its place. */
type Share = Readonly<Record<string, string>>

/**
 * How an engine divides its work: Kafka Streams runs one process for each worker, and shares the cores among them; the
 * Node engine's and Flink's one command does that by itself.
 */
export function divide(
  deployment: DeploymentId,
  workers: number | undefined,
  cores = availableParallelism(),
): Share[] {
  switch (engineOf(deployment)) {
    case 'node':
      return [workers === undefined ? {} : { WORKERS: String(workers) }]
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

export interface EngineOptions {
  deployment: DeploymentId
  /** of the deployment's engine */
  program: EngineProgram
  /** how many ways the engine works at once; undefined = its own default */
  workers?: number | undefined
  /** where state and snapshots are kept */
  dataDir: string
}

/** The workers of a deployment. */
export async function engineSpecs(
  { kafkaConfig }: Stack,
  { deployment, program, workers, dataDir }: EngineOptions,
): Promise<ChildSpec[]> {
  const snapshots = join(dataDir, 'snapshots')
  await mkdir(snapshots, { recursive: true })
  const shares = divide(deployment, workers)
  const specs = shares.map(async (share, i) =>
    engineChild(program, {
      name: shares.length === 1 ? deployment : `${deployment}.${i + 1}`,
      deployment,
      instance: String(i + 1),
      stateDir: join(dataDir, 'state'),
      httpPort: await freePort(),
      env: { ...kafkaConfig, SNAPSHOT_URL: snapshots, ...share },
    }),
  )
  return Promise.all(specs)
}

export interface EdgeOptions {
  /** of the ingest; 0 = any free one */
  httpPort: number
  /** where the warehouse is kept */
  dataDir: string
  querySocket: string
}

/** What stands before and behind the engines, whichever they are: sink and ingest. */
export function edgeSpecs(
  { kafkaConfig }: Stack,
  { httpPort, dataDir, querySocket }: EdgeOptions,
): ChildSpec[] {
  return [
    {
      name: 'sink',
      module: entryOf('sink'),
      env: {
        ...kafkaConfig,
        WAREHOUSE: `duckdb:${join(dataDir, 'warehouse.duckdb')}`,
        QUERY_SOCKET: querySocket,
        HTTP_PORT: '0',
      },
    },
    {
      name: 'ingest',
      module: entryOf('producer'),
      env: { ...kafkaConfig, HTTP_PORT: String(httpPort) },
    },
  ]
}
