import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { announcedPort, spawnTied } from './child.ts'
import { healthOf, placed, type EnginePlace, type WorkerHealth } from './engines/engine-child.ts'
import type { EngineProgram } from './engines/engine-program.ts'
import { freePort } from './ports.ts'

const POLL_MS = 20

/** A worker as its own process, as in production: it can be killed and stopped. It ends with the process that started it. */
export interface WorkerProcess {
  pid: number
  httpPort: number
  /** sends the signal; resolves with the exit code once the process is gone (at once for SIGSTOP and SIGCONT) */
  kill(signal: NodeJS.Signals): Promise<number | null>
  /** null = it was killed */
  exited: Promise<number | null>
  stdout(): string
  stderr(): string
  /** what /healthz says, healthy or not; undefined where nothing answers */
  health(): Promise<WorkerHealth | undefined>
}

/**
 * A worker of this project's own, up as it says itself.
 * @param module a path below functions/, or an absolute one
 * @throws Error with its stderr, where it exits before
 */
export async function startWorker(
  module: string,
  env: Record<string, string>,
): Promise<WorkerProcess> {
  const path = resolve(import.meta.dirname, '../../../functions', module)
  const { PATH } = process.env
  const program = { module: path }
  const child = spawnTied({ program, args: [], env: { PATH, ...env } }, 'pipe')
  await once(child, 'spawn') // rejects where the command does not exist
  const worker = watched(child)
  const httpPort = await Promise.race([announcedPort(child), worker.exited.then(() => undefined)])
  if (httpPort === undefined)
    throw new Error(`${module} exited with ${await worker.exited}:\n${worker.stderr()}`)
  return { ...worker, httpPort, health: () => healthOf(httpPort) }
}

/** An engine that may be of any kind. */
export type EngineProcess = WorkerProcess

export type EngineOptions = Omit<EnginePlace, 'httpPort' | 'env'> & {
  env: Record<string, string>
  /** kills it, whenever it aborts: what never answers would be waited for without an end */
  signal?: AbortSignal
}

/** Any engine; resolves as soon as its HTTP answers, healthy or not, or it has exited. */
export async function startEngine(
  program: EngineProgram,
  options: EngineOptions,
): Promise<EngineProcess> {
  const httpPort = await freePort()
  const { args, env, prepare } = placed(program, { ...options, httpPort })
  await prepare()
  const { PATH, HOME } = process.env
  const child = spawnTied({ program: program.program, args, env: { PATH, HOME, ...env } }, 'pipe')
  await once(child, 'spawn') // rejects where the command does not exist
  const worker = watched(child)
  let over = false
  const giveUp = () => child.kill('SIGKILL')
  options.signal?.addEventListener('abort', giveUp)
  void worker.exited.finally(() => {
    over = true
    options.signal?.removeEventListener('abort', giveUp)
  })
  while (!over && (await healthOf(httpPort)) === undefined) await delay(POLL_MS)
  return { ...worker, httpPort, health: () => healthOf(httpPort) }
}

function watched(child: ChildProcess) {
  let stdout = ''
  let stderr = ''
  child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const exited = once(child, 'close').then(([code]) => code as number | null)
  return {
    pid: child.pid!,
    async kill(signal: NodeJS.Signals) {
      child.kill(signal)
      return signal === 'SIGSTOP' || signal === 'SIGCONT' ? null : exited
    },
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
  }
}
