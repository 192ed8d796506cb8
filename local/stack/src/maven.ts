import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { TerminalError } from '@order-up/kit'
import { endOf } from './jdk-tools.ts'
import { findMaven, type Env, type Jdk } from './prerequisites.ts'

export const MAVEN_DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'

const ERROR_LINES = 3
const PROGRESS_EVERY_MS = 5_000

export interface MavenRun {
  /** what it does, for people: "Downloading the broker" */
  doing: string
  cwd: string
  args: readonly string[]
  env: Env
  jdk: Jdk
  onProgress: (line: string) => void
  /** stops Maven */
  signal: AbortSignal
  /** makes the error of Maven's own first error lines, all that it said of them if there are more */
  failure: (shown: string, errors: readonly string[]) => TerminalError
}

/**
 * Runs Maven, and says every few seconds what it is at.
 * @throws TerminalError `MAVEN_MISSING`, or what `failure` makes; the signal's reason where that aborts
 */
export async function runMaven(o: MavenRun): Promise<void> {
  const { doing, cwd, args, env, jdk, onProgress, signal, failure } = o
  const command = await findMaven(env)
  signal.throwIfAborted()
  onProgress(`${doing}, once`)
  const started = Date.now()
  const errors: string[] = []
  let current = ''
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1_000)
    onProgress(`  still at it after ${seconds} s${current && `: ${current}`}`)
  }, PROGRESS_EVERY_MS)
  const child = spawn(command, ['--batch-mode', ...args], {
    cwd,
    env: { ...env, JAVA_HOME: jdk.home },
    stdio: ['ignore', 'pipe', 'ignore'], // stderr has nothing but the JVM's complaints about Maven itself
  })
  const stop = () => child.kill()
  signal.addEventListener('abort', stop)
  try {
    const ended = endOf(child)
    for await (const line of createInterface(child.stdout)) {
      current = stepIn(line) ?? current
      if (line.startsWith('[ERROR]')) errors.push(line)
    }
    const code = await ended
    signal.throwIfAborted()
    if (code !== 0) throw failure(errors.slice(0, ERROR_LINES).join('\n  '), errors)
  } finally {
    clearInterval(progress)
    signal.removeEventListener('abort', stop)
  }
}

/** What a line of Maven's says that it is at; undefined for all others. */
function stepIn(line: string): string | undefined {
  const file = /^Download\w+ from \S+: \S+\/(\S+)/.exec(line)?.[1]
  if (file !== undefined) return `downloading ${file}`
  // [INFO] --- maven-compiler-plugin:3.14.1:compile (default-compile) @ fold ---
  const [, goal, module] = /^\[INFO\] --- [^ ]*:([\w-]+) \([^)]*\) @ (\S+) ---/.exec(line) ?? []
  return goal === undefined ? undefined : `${goal} ${module}`
}

export const downloadFailed = (what: string, shown: string) =>
  new TerminalError('DOWNLOAD_FAILED', `Maven could not download ${what}:\n  ${shown}`, {
    remedy:
      'check the network, and that Maven reaches Maven Central or the mirror in ~/.m2/settings.xml; ' +
      'then run the same command again',
  })
