/** What a benchmark has measured: names with their unit, as `events/s`, and values. */
export type Figures = Record<string, number | string>

export interface Bench {
  name: string
  /** what is measured, on which work */
  about: string
  /** @returns undefined where it has shown and kept its figures itself */
  run(say: (line: string) => void, options: BenchOptions): Promise<Figures | undefined>
}

/** Of the benchmarks that can do with them: see HELP. */
export interface BenchOptions {
  /** little work, once, and nothing is kept: to see that it works */
  quick: boolean
  /** times that each figure is measured; undefined = the benchmark's own default */
  runs: number | undefined
  /** the parts of a benchmark to run, by its own names; undefined = all */
  only: readonly string[] | undefined
}

/** Calls `once` for about `ms` after a warm-up and returns calls per second. */
export function rate(once: () => void, ms = 1_500): number {
  const run = (duration: number) => {
    const start = performance.now()
    let calls = 0
    let elapsed = 0
    do {
      once()
      calls++
      elapsed = performance.now() - start
    } while (elapsed < duration)
    return (calls / elapsed) * 1_000
  }
  run(ms / 3)
  return run(ms)
}

export const round = (value: number, digits = 0) => Number(value.toFixed(digits))

/** The value below which `share` of the sorted values lie. */
export const quantile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
