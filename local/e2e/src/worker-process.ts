import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

/** A worker as its own process, as in production: it can be killed and stopped. */
export interface WorkerProcess {
  pid: number
  httpPort: number
  /** sends the signal; resolves with the exit code once the process is gone (at once for SIGSTOP and SIGCONT) */
  kill(signal: NodeJS.Signals): Promise<number | null>
  exited: Promise<number | null>
  stdout(): string
  stderr(): string
}

/** @param module a path below functions/, or an absolute one */
export async function startWorker(
  module: string,
  env: Record<string, string>,
): Promise<WorkerProcess> {
  const path = resolve(import.meta.dirname, '../../../functions', module)
  const child: ChildProcess = fork(path, [], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const ready = once(child, 'message').then(([m]) => m as { httpPort: number })
  const first = await Promise.race([ready, exited])
  if (first === null || typeof first === 'number')
    throw new Error(`${module} exited with ${first}:\n${stderr}`)
  return {
    pid: child.pid!,
    httpPort: first.httpPort,
    async kill(signal) {
      child.kill(signal)
      return signal === 'SIGSTOP' || signal === 'SIGCONT' ? null : exited
    },
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
  }
}

/** A broker that is away, or coming up, is waited for. */
function isOfKafka(error: unknown): false {
  if (error instanceof Error && error.name.startsWith('KafkaJS')) return false
  throw error
}

/** Polls a condition. @throws after `ms`, with what it was waiting for */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  ms = 60_000,
): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await condition().catch(isOfKafka))) {
    if (Date.now() > deadline) throw new Error(`after ${ms} ms still waiting: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
