import { fork, spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Env } from './prerequisites.ts'

const LEASH = join(import.meta.dirname, 'leash.cjs')

/** What runs: a TypeScript entry point under this Node, or a command that ends when its standard input does. */
export type Program = { module: string; command?: never } | { command: string; module?: never }

export interface Launch {
  program: Program
  args: readonly string[]
  env: Env
}

/** One process, from its start to its end. */
export interface Child {
  pid: number
  startedAt: number
  /** resolves with "exit code 1" or "SIGKILL" when it has ended */
  ended: Promise<string>
  /** resolves with a Node worker's HTTP port once it says that it is ready */
  announced: Promise<number>
  kill(signal: NodeJS.Signals): void
}

const Ready = z.object({ type: z.literal('ready'), httpPort: z.number() })

/**
 * Starts a process that cannot outlive this one, whatever kills it: a Node child holds the other end of an IPC channel
 * and src/leash.cjs, a command that of a pipe (see java/Leash.java). It has a process group of its own, so that a
 * Ctrl-C in the terminal reaches the stack alone, which then stops its children in order.
 * @param output of both stdout and stderr: a file's descriptor, or a pipe for each
 */
export function spawnTied({ program, args, env }: Launch, output: number | 'pipe'): ChildProcess {
  const options = { env, detached: true } as const
  const stdio = (input: 'ignore' | 'pipe'): StdioOptions => [input, output, output]
  if (program.module === undefined)
    return spawn(program.command, args, { ...options, stdio: stdio('pipe') })
  return fork(program.module, args, {
    ...options,
    // kafkajs sets timers in the past, of which Node 24 complains into the log
    execArgv: ['--require', LEASH],
    stdio: [...(stdio('ignore') as []), 'ipc'],
  })
}

/** Resolves with a Node worker's HTTP port once it says that it is ready. */
export function announcedPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      const ready = Ready.safeParse(message)
      if (ready.success) resolve(ready.data.httpPort)
    })
  })
}

/** Starts a process whose output goes to a file; see {@link spawnTied}. */
export async function launch({ logFile, ...what }: Launch & { logFile: string }): Promise<Child> {
  const log = await open(logFile, 'a')
  try {
    const child = spawnTied(what, log.fd)
    const announced = announcedPort(child)
    const ended = endOf(child)
    await once(child, 'spawn') // rejects where the command does not exist
    return {
      pid: child.pid!,
      startedAt: Date.now(),
      ended,
      announced,
      kill: (signal) => child.kill(signal),
    }
  } finally {
    await log.close()
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
}
