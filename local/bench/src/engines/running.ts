import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@order-up/kit'
import type { EngineProgram } from '@order-up/stack'
import { startEngine, type EngineProcess } from '@order-up/stack/testing'
import { cpuSecondsOf, usageOf, withChildren, type Usage } from '../usage.ts'
import { SESSION_TIMEOUT_MS, type Contestant } from './contestants.ts'

export interface Place {
  program: EngineProgram
  contestant: Contestant
  deployment: string
  /** where it finds its state again */
  stateDir: string
  /** Kafka and the registry */
  env: Readonly<Record<string, string>>
  /** kills it */
  signal: AbortSignal
}

/** How long it may take to put everything away after SIGTERM. */
const STOP_MS = 30_000
const STDERR_CHARACTERS = 600

/** A deployment at work: all its processes. */
export class RunningEngine implements AsyncDisposable {
  readonly #processes: readonly EngineProcess[]
  readonly #failed = new AbortController()
  #ending = false

  private constructor(processes: readonly EngineProcess[], name: string) {
    this.#processes = processes
    for (const process of processes)
      void process.exited.then((code) => {
        if (this.#ending) return
        const words = process.stderr().trim().slice(-STDERR_CHARACTERS)
        this.#failed.abort(new Error(`${name} exited with ${code ?? 'a signal'}: ${words}`))
      })
  }

  static async start({ program, contestant, ...place }: Place): Promise<RunningEngine> {
    const { deployment, stateDir, signal } = place
    const env = {
      LOG_LEVEL: 'warn',
      SESSION_TIMEOUT_MS,
      ...place.env,
      ...contestant.env,
    }
    const processes = await Promise.all(
      Array.from({ length: contestant.workers }, (_, i) =>
        startEngine(program, {
          deployment,
          instance: 'ab'[i] ?? `c${i}`,
          stateDir,
          env,
          signal,
        }),
      ),
    )
    return new RunningEngine(processes, deployment)
  }

  /** Aborts, with what it said last, when a process ends by itself. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  /** Waits until every process says that it processes. */
  async healthy(signal: AbortSignal): Promise<void> {
    for (const process of this.#processes)
      await until(async () => (await process.health())?.healthy === true, signal)
  }

  /** Since its start. */
  usage(): Usage {
    return usageOf(withChildren(this.#pids))
  }

  /** Since its start, without what children of it have used that still run: no engine has any. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.#pids)
  }

  get #pids(): number[] {
    return this.#processes.map(({ pid }) => pid)
  }

  /** kill -9, all at once. @returns when that was, as Date.now() */
  async kill(): Promise<number> {
    this.#ending = true
    const at = Date.now()
    await Promise.all(this.#processes.map((process) => process.kill('SIGKILL')))
    return at
  }

  /** SIGTERM, and SIGKILL to what then does not end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true
    const late = new AbortController()
    const stopped = Promise.all(this.#processes.map((process) => process.kill('SIGTERM')))
    const inTime = delay(STOP_MS, undefined, { signal: late.signal }).catch(() => {})
    await Promise.race([stopped, inTime])
    late.abort()
    await Promise.all(this.#processes.map((process) => process.kill('SIGKILL')))
  }
}
