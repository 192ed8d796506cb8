import type { Measure } from './contestants.ts'
import type { Summary } from './summary.ts'
import { linesOf, shown } from './table.ts'

/** What a target comes to; undefined = not measured, which is neither met nor missed. */
export interface Verdict {
  /** the figure and the engine */
  figure: string
  target: string
  measured: string
  met: boolean | undefined
}

type Median = (measure: Measure, contestant: string, figure: string) => number | undefined

const HEAP = 'flink heap'
const ROCKSDB = 'flink RocksDB'
const STREAMS = 'kafka streams'
/** with Node's session timeout, and like it no static member */
const STREAMS_ALIKE = 'kafka streams, not static'

const MAX_CPU = 7
const MAX_OF_HEAP_CPU = 0.6
const MAX_OF_STREAMS_CPU = 0.42
const MIN_OF_STREAMS_RATE = 1.5
const MAX_P99_MS = 100
const MAX_IDLE_PERCENT = 1
const MAX_RECOVERY_S = 8
const MAX_OF_STREAMS_RECOVERY = 0.5

/** Node's figures beside their targets, by the medians of one run of the benchmark. */
export function verdictsOf(summaries: readonly Summary[]): Verdict[] {
  const median: Median = (measure, contestant, figure) =>
    summaries.find((s) => s.measure === measure && s.contestant === contestant)?.figures[figure]
      ?.median
  return [
    ...['node', 'node native'].map((name) => cpu(name, median)),
    ...rates('node, all cores', median),
    ...tails(median),
    ...['node', 'node native'].map((name) => idle(name, median)),
    ...recoveries(median),
  ]
}

function cpu(name: string, median: Median): Verdict {
  const of = (contestant: string) => median('throughput', contestant, 'CPU-s per 1M')
  const own = of(name)
  const [heap, streams] = [ratio(own, of(HEAP)), ratio(own, of(STREAMS))]
  return {
    figure: `CPU-s per 1M, ${name}`,
    target: `≤ ${MAX_CPU}, or ≤ ${MAX_OF_HEAP_CPU} × ${HEAP}, or ≤ ${MAX_OF_STREAMS_CPU} × ${STREAMS}`,
    measured: `${worded(own, 1)}; ${worded(heap, 2)} ×; ${worded(streams, 2)} ×`,
    met: anyOf([
      atMost(own, MAX_CPU),
      atMost(heap, MAX_OF_HEAP_CPU),
      atMost(streams, MAX_OF_STREAMS_CPU),
    ]),
  }
}

function rates(name: string, median: Median): Verdict[] {
  const of = (contestant: string) => median('throughput', contestant, 'events/s')
  const own = of(name)
  const against = (other: string, least: number, note = ''): Verdict => {
    const multiple = ratio(own, of(other))
    return {
      figure: `events/s, ${name}`,
      target: `${least === 1 ? 'above' : `≥ ${least} ×`} ${other}${note}`,
      measured: `${worded(own, 0)}; ${worded(multiple, 2)} ×`,
      met: multiple === undefined ? undefined : least === 1 ? multiple > 1 : multiple >= least,
    }
  }
  return [
    against(STREAMS, MIN_OF_STREAMS_RATE),
    against(ROCKSDB, 1),
    against(HEAP, 1, ' (the next mark)'),
  ]
}

function tails(median: Median): Verdict[] {
  const of = (contestant: string) => median('latency', contestant, 'p99 ms')
  const [own, streams] = [of('node'), of(STREAMS)]
  return [
    limit('p99 ms, node', own, MAX_P99_MS, 0),
    {
      figure: 'p99 ms, node',
      target: `not above ${STREAMS}`,
      measured: `${worded(own, 0)} and ${worded(streams, 0)}`,
      met: streams === undefined ? undefined : atMost(own, streams),
    },
  ]
}

function idle(name: string, median: Median): Verdict {
  const own = median('throughput', name, 'idle % of a core')
  return {
    figure: `idle % of a core, ${name}`,
    target: `below ${MAX_IDLE_PERCENT}`,
    measured: worded(own, 2),
    met: own === undefined ? undefined : own < MAX_IDLE_PERCENT,
  }
}

function recoveries(median: Median): Verdict[] {
  const of = (contestant: string) => median('recovery', contestant, 'first row s')
  const own = of('node')
  const multiple = ratio(own, of(STREAMS_ALIKE))
  return [
    limit('kill -9 to first row s, node', own, MAX_RECOVERY_S, 1),
    {
      figure: 'kill -9 to first row s, node',
      target: `≤ ${MAX_OF_STREAMS_RECOVERY} × ${STREAMS_ALIKE}`,
      measured: `${worded(own, 1)}; ${worded(multiple, 2)} ×`,
      met: atMost(multiple, MAX_OF_STREAMS_RECOVERY),
    },
  ]
}

const limit = (figure: string, own: number | undefined, most: number, digits: number): Verdict => ({
  figure,
  target: `≤ ${most}`,
  measured: worded(own, digits),
  met: atMost(own, most),
})

const ratio = (own: number | undefined, other: number | undefined) =>
  own === undefined || !other ? undefined : own / other

const atMost = (value: number | undefined, most: number) =>
  value === undefined ? undefined : value <= most

/** One that is met is enough; one that is unknown leaves it open. */
const anyOf = (met: readonly (boolean | undefined)[]) =>
  met.includes(true) ? true : met.includes(undefined) ? undefined : false

const worded = (value: number | undefined, digits: number) =>
  value === undefined ? 'unknown' : shown(value, digits)

/** In markdown. */
export const verdictTable = (verdicts: readonly Verdict[]): string =>
  linesOf([
    ['Node', 'target', 'measured', ''],
    ...verdicts.map(({ figure, target, measured, met }) => [
      figure,
      target,
      measured,
      met === undefined ? 'not known' : met ? 'met' : '**missed**',
    ]),
  ])
