import type { Bench } from './bench.ts'
import type { EngineTraits } from './engine-traits.ts'

/** One thing that an engine must do, tried from outside. */
export interface Check {
  /** as `--only` takes it */
  name: string
  /** the contract's sentence that it checks, in short */
  about: string
  /** why there is nothing to try with such an engine; undefined = there is */
  notFor?(traits: EngineTraits): string | undefined
  /**
   * @returns what was done in a way of this engine's own, if anything
   * @throws Failed with what was expected and seen
   */
  run(bench: Bench): Promise<string | void>
}

/** An engine did not do what the contract says: each line says what was expected and what was seen. */
export class Failed extends Error {
  readonly problems: readonly string[]

  constructor(...problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'Failed'
    this.problems = problems
  }
}

/** @throws Failed unless it is so */
export function must(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Failed(problem)
}
