import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@order-up/kit'
import type { EngineProgram } from '@order-up/stack'
import { startEngine, type EngineProcess } from '@order-up/stack/testing'
import { cpuSecondsOf, usageOf, withChildren, type Usage } from '../usage.ts'
import { SESSION_TIMEOUT_MS, type Contestant } from './contestants.ts'

export interface Place {
  program: EngineProgram
  contestant: Pick<Contestant, 'env'>
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

/** To look through all processes for children takes some milliseconds. */
const CHILDREN_MS = 1_000

/** A deployment at work: one command, and the processes that it starts. */
export class RunningEngine implements AsyncDisposable {
  readonly #process: EngineProcess
  readonly #failed = new AbortController()
  #ending = false
  #pids: { of: readonly number[]; at: number } | undefined

  private constructor(process: EngineProcess, name: string) {
    this.#process = process
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
    const options = { deployment, instance: 'a', stateDir, env, signal }
    return new RunningEngine(await startEngine(program, options), deployment)
  }

  /** Aborts, with what it said last, when a process ends by itself. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  /** Waits until it says that it processes. */
  healthy(signal: AbortSignal): Promise<void> {
    return until(async () => (await this.#process.health())?.healthy === true, signal)
  }

  /** Since its start. */
  usage(): Usage {
    return usageOf(withChildren([this.#process.pid]))
  }

  /** Since its start. */
  cpuSeconds(): number {
    const now = performance.now()
    if (this.#pids === undefined || now - this.#pids.at > CHILDREN_MS)
      this.#pids = { of: withChildren([this.#process.pid]), at: now }
    return cpuSecondsOf(this.#pids.of)
  }

  /** kill -9 of the command; what it has started ends with it. @returns when that was, as Date.now() */
  async kill(): Promise<number> {
    this.#ending = true
    const at = Date.now()
    await this.#process.kill('SIGKILL')
    return at
  }

  /** SIGTERM, and SIGKILL to what then does not end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true
    const late = new AbortController()
    const stopped = this.#process.kill('SIGTERM')
    const inTime = delay(STOP_MS, undefined, { signal: late.signal }).catch(() => {})
    await Promise.race([stopped, inTime])
    late.abort()
    await this.#process.kill('SIGKILL')
  }
}
