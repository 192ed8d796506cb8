import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '@order-up/kit'
import type { Env } from '../prerequisites.ts'
import type { ChildSpec } from '../supervisor.ts'
import type { EngineProgram } from './engine-program.ts'

/** Which engine it is among others, and where it keeps its state and answers. */
export interface EnginePlace {
  /** as `flink-1` */
  deployment: string
  /** among those of its deployment */
  instance: string
  stateDir: string
  /** of /healthz and /metrics, a free one */
  httpPort: number
  /** on top of these: Kafka, the registry, and what the engine alone knows */
  env: Env
}

/** An engine as a child for the supervisor: ready once it processes. */
export function engineChild(
  program: EngineProgram,
  { name, ...place }: EnginePlace & { name: string },
): ChildSpec {
  const { httpPort } = place
  return {
    name,
    ...program.program,
    ...placed(program, place),
    ready: async (signal) => {
      await until(async () => (await healthOf(httpPort))?.healthy === true, signal)
      return httpPort
    },
  }
}

/** Arguments and environment of an engine in its place; `prepare` is to run before each start. */
export function placed(
  { program, args, env }: EngineProgram,
  place: EnginePlace,
): { args: readonly string[]; env: Env; prepare: () => Promise<void> } {
  const scratch = join(place.stateDir, place.deployment, `${place.instance}.tmp`)
  return {
    args: program.module === undefined ? [`-Djava.io.tmpdir=${scratch}`, ...args] : args,
    env: {
      ...env,
      ...place.env,
      DEPLOYMENT: place.deployment,
      INSTANCE: place.instance,
      STATE_DIR: place.stateDir,
      HTTP_HOST: HOST,
      HTTP_PORT: String(place.httpPort),
    },
    async prepare() {
      // what a JVM unpacks there stays behind when it is killed
      await rm(scratch, { recursive: true, force: true })
      await mkdir(program.module === undefined ? scratch : place.stateDir, { recursive: true })
    },
  }
}

const HOST = '127.0.0.1'

/** What a worker's /healthz answers, at least. */
export interface WorkerHealth {
  healthy: boolean
  [detail: string]: unknown
}

/** What /healthz says, healthy or not; undefined where nothing answers. */
export async function healthOf(port: number): Promise<WorkerHealth | undefined> {
  try {
    const answer = await fetch(`http://${HOST}:${port}/healthz`, {
      signal: AbortSignal.timeout(2_000),
    })
    const details = (await answer.json()) as object
    return { ...details, healthy: answer.ok }
  } catch {
    return undefined
  }
}

/** The address of a web page that the worker has of its own, as Flink's; null = it has none, or does not answer. */
export function webPageIn(health: WorkerHealth | undefined): string | null {
  const page = health?.['web_page']
  return typeof page === 'string' ? page : null
}
