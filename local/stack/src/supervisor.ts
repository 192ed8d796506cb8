import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, TerminalError } from '@order-up/kit'
import { launch, type Child, type Program } from './child.ts'
import type { Env } from './prerequisites.ts'

export type WorkerState =
  | 'starting'
  | 'running'
  /** it died and is about to be started again */
  | 'restarting'
  | 'stopped'
  /** it died several times right at its start and is left alone */
  | 'failed'

/** What a status shows of one supervised process. */
export interface WorkerStatus {
  name: string
  state: WorkerState
  pid: number | null
  /** of /metrics and /healthz; null for what has none */
  httpPort: number | null
  /** how often it was started again after it died */
  restarts: number
  /** how it last ended, as "SIGKILL" or "exit code 1"; null while it never did */
  lastEnd: string | null
}

export type ChildSpec = Program & {
  /** unique; also of its log file */
  name: string
  args?: readonly string[]
  /** on top of the supervisor's own */
  env?: Env
  /** runs before each start, as to write the configuration */
  prepare?: () => Promise<void>
  /**
   * resolves once it works, with its HTTP port where it has one; default: when a module says so by IPC (kit's
   * announceReady)
   */
  ready?: (signal: AbortSignal) => Promise<number | void>
  /** how long it may take to get ready; default for ever, since a worker may have a long log to fold first */
  readyMs?: number
}

/** In milliseconds and times; the defaults are for a laptop, tests shorten them. */
export interface SupervisorTiming {
  firstBackoffMs: number
  maxBackoffMs: number
  /** an uptime after which the next death counts as the first one again */
  ranWellMs: number
  /** a death within this time, before it was ready, is one "right at its start" */
  earlyMs: number
  /** so many of those in a row and it is left alone */
  maxEarlyDeaths: number
  /** between SIGTERM and SIGKILL */
  stopMs: number
}

const TIMING: SupervisorTiming = {
  firstBackoffMs: 200,
  maxBackoffMs: 10_000,
  ranWellMs: 30_000,
  earlyMs: 10_000,
  maxEarlyDeaths: 4,
  stopMs: 10_000,
}

const LOG_TAIL_LINES = 20

interface Supervised {
  spec: ChildSpec
  status: WorkerStatus
  child: Child | undefined
  stopping: AbortController
  /** resolves when it is stopped or has failed for good */
  done: Promise<void>
}

export interface Supervisor {
  /**
   * Starts a process and keeps it running until it is stopped. Resolves when it is ready for the first time.
   * @throws TerminalError `WORKER_FAILED` with the end of its log, where it does not get so far
   */
  start(spec: ChildSpec): Promise<WorkerStatus>
  /** SIGTERM, and SIGKILL after 10 s */
  stop(name: string): Promise<void>
  /** Stops it, if it runs, and forgets that it was there: no status shows it. */
  remove(name: string): Promise<void>
  /** Stops everything, last started first; nothing can be started afterwards. */
  stopAll(): Promise<void>
  /** in the order of their start */
  status(): WorkerStatus[]
  /** Calls back after every change of a status. */
  onChange(listener: () => void): void
  logFile(name: string): string
}

/** @param logs folder of the children's logs @param env of every child */
export function createSupervisor({
  logs,
  env,
  timing: given = {},
}: {
  logs: string
  env: Env
  timing?: Partial<SupervisorTiming>
}): Supervisor {
  const timing = { ...TIMING, ...given }
  const all = new Map<string, Supervised>()
  const listeners: (() => void)[] = []
  let closed = false

  const logFile = (name: string) => join(logs, `${name}.log`)

  function change(one: Supervised, status: Partial<WorkerStatus>) {
    Object.assign(one.status, status)
    tell()
  }

  function tell() {
    for (const listener of listeners) listener()
  }

  /** Runs the process once, from start to end. Answers whether it got ready, and how it ended. */
  async function runOnce(one: Supervised, onReady: () => void) {
    const { spec, stopping } = one
    await mkdir(logs, { recursive: true })
    await spec.prepare?.()
    const child = await launch({
      program: spec,
      args: spec.args ?? [],
      env: { ...env, ...spec.env },
      logFile: logFile(spec.name),
    })
    one.child = child
    change(one, { state: 'starting', pid: child.pid, httpPort: null })

    const over = new AbortController()
    const ended = child.ended.finally(() => over.abort())
    if (stopping.signal.aborted) child.kill('SIGTERM') // it came while the process was being started
    let problem: string | undefined
    const giveUp = (why: string) => {
      problem = why
      child.kill('SIGKILL')
    }
    const { readyMs } = spec
    const deadline =
      readyMs && setTimeout(() => giveUp(`not ready within ${readyMs / 1_000} s`), readyMs)
    let gotReady = false
    const waiting = AbortSignal.any([over.signal, stopping.signal])
    const isReady: Promise<number | void> = spec.ready?.(waiting) ?? child.announced
    void isReady.then(
      (port) => {
        if (over.signal.aborted) return
        clearTimeout(deadline)
        gotReady = true
        change(one, { state: 'running', httpPort: port ?? null })
        onReady()
      },
      (error: unknown) => {
        if (!waiting.aborted) giveUp(messageOf(error))
      },
    )
    const end = await ended
    clearTimeout(deadline)
    one.child = undefined
    change(one, { pid: null, httpPort: null, lastEnd: problem ?? end })
    return { gotReady, gaveUp: problem !== undefined, uptimeMs: Date.now() - child.startedAt }
  }

  async function keepRunning(one: Supervised, onReady: () => void, onFailed: (e: Error) => void) {
    const { status, stopping } = one
    let deaths = 0
    let earlyDeaths = 0
    let wasReady = false
    for (;;) {
      const { gotReady, gaveUp, uptimeMs } = await runOnce(one, onReady)
      if (stopping.signal.aborted) break
      wasReady ||= gotReady
      deaths = uptimeMs >= timing.ranWellMs ? 1 : deaths + 1
      const early = !gotReady && uptimeMs < timing.earlyMs
      // what fails because of something that it needs is not at fault
      if (!early) earlyDeaths = 0
      else if (allBefore(one).every((other) => other.status.state === 'running')) earlyDeaths++
      if (earlyDeaths >= timing.maxEarlyDeaths || (gaveUp && !wasReady)) {
        change(one, { state: 'failed' })
        return onFailed(await failure(status))
      }
      const backoff = Math.min(timing.maxBackoffMs, timing.firstBackoffMs * 2 ** (deaths - 1))
      change(one, { state: 'restarting' })
      await pause(backoff, stopping.signal)
      if (stopping.signal.aborted) break
      change(one, { restarts: status.restarts + 1 })
    }
    change(one, { state: 'stopped' })
    onFailed(new TerminalError('STOPPED', `${status.name} was stopped before it was ready`))
  }

  function allBefore(one: Supervised): Supervised[] {
    const list = [...all.values()]
    return list.slice(0, list.indexOf(one))
  }

  async function failure({ name, lastEnd }: WorkerStatus): Promise<TerminalError> {
    const file = logFile(name)
    const tail = await logTail(file)
    return new TerminalError(
      'WORKER_FAILED',
      `${name} does not start (${lastEnd}). Its log ends with:\n${tail}`,
      { remedy: `the whole log is ${file}` },
    )
  }

  async function stop(one: Supervised): Promise<void> {
    one.stopping.abort()
    const kill = setTimeout(() => one.child?.kill('SIGKILL'), timing.stopMs)
    one.child?.kill('SIGTERM')
    await one.done
    clearTimeout(kill)
  }

  return {
    async start(spec) {
      const { name } = spec
      if (closed) throw new TerminalError('STOPPED', `the stack stops, ${name} is not started`)
      const before = all.get(name)?.status.state
      if (before !== undefined && before !== 'stopped' && before !== 'failed')
        throw new TerminalError('WORKER_RUNS', `${name} is already ${before}`)
      const one: Supervised = {
        spec,
        status: {
          name,
          state: 'starting',
          pid: null,
          httpPort: null,
          restarts: 0,
          lastEnd: null,
        },
        child: undefined,
        stopping: new AbortController(),
        done: Promise.resolve(),
      }
      all.set(name, one)
      const ready = Promise.withResolvers<void>()
      one.done = keepRunning(one, ready.resolve, ready.reject).catch((error: unknown) => {
        change(one, { state: 'failed' })
        ready.reject(error)
      })
      await ready.promise
      return { ...one.status }
    },
    async stop(name) {
      const one = all.get(name)
      if (one) await stop(one)
    },
    async remove(name) {
      const one = all.get(name)
      if (!one) return
      await stop(one)
      if (all.get(name) !== one) return // it was started again meanwhile
      all.delete(name)
      tell()
    },
    async stopAll() {
      closed = true
      for (const one of [...all.values()].toReversed()) await stop(one)
    },
    status: () => [...all.values()].map(({ status }) => ({ ...status })),
    onChange: (listener) => void listeners.push(listener),
    logFile,
  }
}

async function logTail(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines = text.trimEnd().split('\n').slice(-LOG_TAIL_LINES)
  return lines.map((line) => `  | ${line}`).join('\n')
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
