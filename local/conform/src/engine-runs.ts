import { setTimeout as delay } from 'node:timers/promises'
import type { EngineProgram } from '@order-up/stack'
import { startEngine, type EngineProcess } from '@order-up/stack/testing'
import { Failed, must } from './check.ts'

/** Within which an engine that is told to stop has put everything away. */
const STOP_MS = 20_000
/** For an engine to notice what must stop it, on a machine that has much else to do. */
const EXIT_MS = 120_000

export interface RunOptions {
  program: EngineProgram
  deployment: string
  stateDir: string
  /** of every instance */
  env: Readonly<Record<string, string>>
  signal: AbortSignal
}

/** The processes of the deployment under test, by instance. */
export class EngineRuns {
  readonly #options: RunOptions
  readonly #running = new Map<string, EngineProcess>()
  #logs = ''

  constructor(options: RunOptions) {
    this.#options = options
  }

  get running(): ReadonlyMap<string, EngineProcess> {
    return this.#running
  }

  /** Starts an instance; it need not be healthy yet. */
  async start(instance: string, env: Record<string, string> = {}): Promise<EngineProcess> {
    const { program, deployment, stateDir, signal, ...options } = this.#options
    signal.throwIfAborted()
    const stop = { STOP_DEADLINE_MS: String(STOP_MS) }
    const place = { deployment, instance, stateDir, env: { ...options.env, ...stop, ...env } }
    const engine = await startEngine(program, place)
    this.#running.set(instance, engine)
    return engine
  }

  /** SIGTERM. @throws Failed unless it exits with 0, soon */
  async stop(instance: string): Promise<void> {
    const engine = this.#running.get(instance)!
    const began = performance.now()
    const late = setTimeout(() => void engine.kill('SIGKILL'), 2 * STOP_MS)
    const code = await engine.kill('SIGTERM')
    clearTimeout(late)
    this.drop(instance)
    const ms = performance.now() - began
    must(
      code === 0,
      `SIGTERM: expected exit code 0, seen ${code ?? `none within ${(2 * STOP_MS) / 1_000} s`}`,
    )
    must(
      ms < STOP_MS,
      `SIGTERM: expected an exit within ${STOP_MS / 1_000} s, seen after ${(ms / 1_000).toFixed(1)} s`,
    )
  }

  async stopAll(): Promise<void> {
    for (const instance of Array.from(this.#running.keys())) await this.stop(instance)
  }

  async kill(instance: string): Promise<void> {
    const engine = this.#running.get(instance)!
    await engine.kill('SIGCONT') // one that is stopped would not go
    await engine.kill('SIGKILL')
    this.drop(instance)
  }

  async killAll(): Promise<void> {
    await Promise.all(Array.from(this.#running.keys(), (instance) => this.kill(instance)))
  }

  /** Of an instance that has exited: what it said is kept, and the next one may have its name. */
  drop(instance: string): void {
    const engine = this.#running.get(instance)
    if (engine) this.#logs += told(instance, engine)
    this.#running.delete(instance)
  }

  /** @throws Failed unless it exits by itself, with 1, and says why in its log */
  async exitsSaying(instance: string, why: RegExp): Promise<void> {
    const engine = this.#running.get(instance)!
    const late = delay(EXIT_MS, 'late' as const, { ref: false, signal: this.#options.signal })
    const code = await Promise.race([engine.exited, late])
    must(code !== 'late', 'expected it to stop with exit code 1, seen it go on')
    const said = engine.stderr()
    this.drop(instance)
    must(code === 1, `expected exit code 1, seen ${code}`)
    must(why.test(said), `expected ${why} in its log, seen its last line: ${lastLine(said)}`)
  }

  /** @throws Failed where an instance has exited that nobody has told to */
  async assertRunning(what: string): Promise<void> {
    for (const [instance, engine] of this.#running) {
      const code = await Promise.race([engine.exited, delay(0, 'running' as const)])
      if (code === 'running') continue
      this.drop(instance)
      const last = lastLine(engine.stderr())
      throw new Failed(
        `expected ${what}, seen the engine exit: exit code ${code}; its last line: ${last}`,
      )
    }
  }

  /** All that has been said since the last call, each run under a heading. */
  takeLogs(): string {
    const logs = this.#logs + Array.from(this.#running, (run) => told(...run)).join('')
    this.#logs = ''
    return logs
  }
}

const told = (instance: string, engine: EngineProcess) =>
  `--- instance ${instance}, pid ${engine.pid}\n${engine.stdout()}${engine.stderr()}`

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1)!.slice(0, 500) || 'none'
