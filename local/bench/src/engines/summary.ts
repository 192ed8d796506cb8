import { BASELINE, CONTESTANTS, type Measure } from './contestants.ts'

/** What one engine did, once; or why there are no figures of it. */
export interface Run {
  measure: Measure
  contestant: string
  round: number
  /** what it took in all, with start and stop */
  seconds: number
  figures?: Readonly<Record<string, number>>
  failure?: string
}

/** Values of several runs. */
export interface Spread {
  median: number
  min: number
  max: number
  runs: number
}

/** What several runs of one engine in one measure come to. */
export interface Summary {
  measure: Measure
  contestant: string
  /** by figure; one that no run has is not there */
  figures: Readonly<Record<string, Spread>>
  /** why runs have no figures, each reason once */
  failures: readonly string[]
}

/** @returns undefined where there is no value */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const [min] = sorted
  const max = sorted.at(-1)
  if (min === undefined || max === undefined) return undefined
  const middle = (sorted.length - 1) / 2
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
  return { median, min, max, runs: sorted.length }
}

/** In the order of the contestants; those without a run are left out. */
export function summariesOf(measure: Measure, runs: readonly Run[]): Summary[] {
  return CONTESTANTS[measure].flatMap(({ name }) => {
    const own = runs.filter((run) => run.measure === measure && run.contestant === name)
    return own.length > 0 ? [summaryOf(measure, name, own)] : []
  })
}

function summaryOf(measure: Measure, contestant: string, runs: readonly Run[]): Summary {
  const all = runs.flatMap(({ figures }) => Object.entries(figures ?? {}))
  const spreads = [...new Set(all.map(([key]) => key))].map((key) => {
    const values = all.filter(([name]) => name === key).map(([, value]) => value)
    return [key, spreadOf(values)!] as const
  })
  const failures = runs.flatMap(({ failure }) => (failure === undefined ? [] : [failure]))
  return {
    measure,
    contestant,
    figures: Object.fromEntries(spreads),
    failures: [...new Set(failures)],
  }
}

/** The median as a multiple of the baseline's; undefined where either is unknown. */
export function ratioToBaseline(
  summaries: readonly Summary[],
  { measure, figures }: Summary,
  figure: string,
): number | undefined {
  const baseline = summaries.find((s) => s.measure === measure && s.contestant === BASELINE)
  const one = baseline?.figures[figure]?.median
  const own = figures[figure]?.median
  return one && own !== undefined ? own / one : undefined
}
