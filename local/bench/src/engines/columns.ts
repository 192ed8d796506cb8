import type { Measure } from './contestants.ts'

/** A figure of a measure as tables show it. */
export interface Column {
  /** key of a run's figures, with its unit */
  figure: string
  digits: number
  /** whether the multiple of the baseline is shown beside it */
  ratio: boolean
}

const column = (figure: string, digits: number, ratio = false): Column => ({
  figure,
  digits,
  ratio,
})

export const COLUMNS: Readonly<Record<Measure, readonly Column[]>> = {
  throughput: [
    column('events/s', 0, true),
    column('CPU-s per 1M', 1, true),
    column('broker CPU-s per 1M', 1),
    column('CPU-s per 1M with start', 1),
    column('idle % of a core', 2),
    column('peak RSS MiB', 0, true),
  ],
  latency: [
    column('p50 ms', 0, true),
    column('p99 ms', 0, true),
    column('max ms', 0),
    column('% of a core', 0),
  ],
  recovery: [column('first row s', 1, true), column('every partition s', 1)],
}
