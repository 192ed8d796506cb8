import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChildSpec, Stack } from '@order-up/stack'

export interface PipelineOptions {
  /** engine workers, which share the partitions */
  workers: number
  /** of the ingest; 0 = any free one */
  httpPort: number
  /** where state, snapshots and the warehouse are kept */
  dataDir: string
  querySocket: string
}

/** The deployment that this command runs. */
export const DEPLOYMENT = 'node-1'

const entry = (workspace: string) =>
  fileURLToPath(new URL('main.ts', import.meta.resolve(`@order-up/${workspace}`)))

/** The workers of the pipeline, in the order of the data's way backwards: who reads is there before who writes. */
function workerSpecs({ workers, httpPort, dataDir, querySocket }: PipelineOptions): ChildSpec[] {
  const engines = Array.from({ length: workers }, (_, i): ChildSpec => ({
    name: workers === 1 ? 'engine' : `engine-${i + 1}`,
    module: entry('engine-node'),
    env: {
      DEPLOYMENT,
      INSTANCE: String(i + 1),
      STATE_DIR: join(dataDir, 'state'),
      SNAPSHOT_URL: join(dataDir, 'snapshots'),
      HTTP_PORT: '0',
    },
  }))
  const sink: ChildSpec = {
    name: 'sink',
    module: entry('sink'),
    env: {
      WAREHOUSE: `duckdb:${join(dataDir, 'warehouse.duckdb')}`,
      QUERY_SOCKET: querySocket,
      HTTP_PORT: '0',
    },
  }
  const ingest: ChildSpec = {
    name: 'ingest',
    module: entry('producer'),
    env: { HTTP_PORT: String(httpPort) },
  }
  return [sink, ...engines, ingest]
}

/** Starts the workers beside the stack, all at once. */
export async function startWorkers(stack: Stack, options: PipelineOptions): Promise<void> {
  await mkdir(join(options.dataDir, 'snapshots'), { recursive: true })
  await Promise.all(
    workerSpecs(options).map((spec) =>
      stack.supervisor.start({ ...spec, env: { ...spec.env, ...stack.kafkaConfig } }),
    ),
  )
}
