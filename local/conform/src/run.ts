import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from '@order-up/kit'
import { Bench, type BenchOptions } from './bench.ts'
import { Failed, type Check } from './check.ts'
import { TRAITS } from './engine-traits.ts'

export interface CheckResult {
  name: string
  about: string
  /** true also where there was nothing to try: `note` then says why */
  passed: boolean
  seconds: number
  /** what was expected and seen; empty where it passed */
  problems: readonly string[]
  /** why there was nothing to try, or what was tried in a way of the engine's own */
  note?: string
  /** where the engine's log of a failed check lies */
  log?: string
}

/** Runs checks one after another on one stack, which is made anew where a check leaves the engine stuck. */
export class Session implements AsyncDisposable {
  readonly #options: BenchOptions
  #bench: Promise<Bench> | undefined
  #logs: string | undefined

  constructor(options: BenchOptions) {
    this.#options = options
  }

  /** @throws only what says nothing of the engine: a stack that does not start, or the signal's reason */
  async run(check: Check): Promise<CheckResult> {
    const { name, about } = check
    this.#options.signal.throwIfAborted()
    const nothing = check.notFor?.(TRAITS[this.#options.program.engine])
    if (nothing !== undefined)
      return { name, about, passed: true, seconds: 0, problems: [], note: `not tried: ${nothing}` }
    const bench = await (this.#bench ??= Bench.open(this.#options))
    const began = performance.now()
    const result = (problems: readonly string[]) => ({
      name,
      about,
      passed: problems.length === 0,
      seconds: (performance.now() - began) / 1_000,
      problems,
    })
    try {
      const note = await check.run(bench)
      return note ? { ...result([]), note } : result([])
    } catch (error) {
      this.#options.signal.throwIfAborted()
      const problems =
        error instanceof Failed ? error.problems : [`the check broke: ${describe(error)}`]
      const failed = result(problems)
      const log = await this.#keep(name, bench.engines.takeLogs())
      await bench.quiet()
      if (!(error instanceof Failed) || !(await bench.isWell())) await this.#renew()
      return { ...failed, log }
    } finally {
      bench.engines.takeLogs()
    }
  }

  async #keep(name: string, text: string): Promise<string> {
    this.#logs ??= await mkdtemp(
      join(tmpdir(), `order-up-conform-${this.#options.program.engine}-`),
    )
    const file = join(this.#logs, `${name}.log`)
    await writeFile(file, text)
    return file
  }

  async #renew(): Promise<void> {
    const bench = await this.#bench
    this.#bench = undefined
    await bench?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const bench = await this.#bench?.catch(() => undefined)
    this.#bench = undefined
    await bench?.close()
  }
}
