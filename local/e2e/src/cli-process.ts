import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface CliProcess {
  pid: number
  ended: Promise<Ended>
  /** resolves when stderr matches; rejects where the process ends or `ms` pass before */
  says(pattern: RegExp, ms?: number): Promise<void>
  kill(signal: NodeJS.Signals): void
}

/**
 * The command as a user runs it.
 * @param tmp its folder for temporary files, which also marks its processes
 * @param env on top of what each needs
 */
export function startCli(
  args: readonly string[],
  tmp: string,
  env: Readonly<Record<string, string>> = {},
): CliProcess {
  const { PATH, HOME, JAVA_HOME, XDG_CACHE_HOME, TRANSPORT } = process.env
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH, HOME, JAVA_HOME, XDG_CACHE_HOME, TRANSPORT, TMPDIR: tmp, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stdout,
    stderr,
  }))
  let over = false
  void ended.finally(() => (over = true))
  return {
    pid: child.pid!,
    ended,
    async says(pattern, ms = 60_000) {
      const deadline = performance.now() + ms
      while (!pattern.test(stderr)) {
        if (over || performance.now() > deadline)
          throw new Error(`order-up ${args.join(' ')} did not say ${pattern}:\n${stderr}`)
        await delay(10)
      }
    },
    kill: (signal) => void child.kill(signal),
  }
}

export const runCli = (...run: Parameters<typeof startCli>) => startCli(...run).ended

/** No process that was started under this folder runs, and no file of one lies in it. */
export function assertNothingLeft(tmp: string): void {
  assert.deepEqual(processesUnder(tmp), [])
  assert.deepEqual(readdirSync(tmp), [])
}

/** The processes that were started under this folder for temporary files, by command line; Linux only. */
export function processesUnder(tmp: string): string[] {
  return globSync('/proc/[0-9]*').flatMap((folder) => {
    try {
      const isOurs = readFileSync(`${folder}/environ`, 'utf8').includes(`TMPDIR=${tmp}\0`)
      return isOurs ? [readFileSync(`${folder}/cmdline`, 'utf8').replaceAll('\0', ' ')] : []
    } catch {
      return [] // ended, or another user's
    }
  })
}
