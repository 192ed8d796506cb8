import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client'
import { z } from 'zod'
import { emfLine, MAX_VALUES, type Measure, type MetricUnit } from './emf.ts'
import { TerminalError } from './errors.ts'

/** Whether a worker's metrics go to CloudWatch too, and under which name of a stack. */
export const MetricsConfig = z.object({
  /** emf: as lines of embedded metric format on stdout; unset: /metrics is all there is */
  METRICS: z.enum(['emf']).optional(),
  /** the dimension Stack; needed with METRICS=emf */
  STACK: z.string().min(1).optional(),
})

/** One metric that is worth its price in CloudWatch, all its series taken together. */
export interface Exported {
  /** Prometheus' name */
  from: string
  /** CloudWatch's: what it means, not which engine measures it */
  as: string
  unit: MetricUnit
  /** only the series with these labels */
  where?: Readonly<Record<string, string>>
  /** how a gauge's series make one value (counters and histograms are added up) */
  over?: 'sum' | 'max'
}

/** What prom-client's getMetricsAsJSON() answers. */
export type Sample = Pick<MetricObjectWithValues<MetricValue<string>>, 'name' | 'values'> & {
  /** prom-client declares a number and hands over its name */
  type: unknown
}

/** How far counters and buckets had come; keyed by metric, and bound of the bucket. */
export type Totals = ReadonlyMap<string, number>

/**
 * What has come since `previous`, for one line of CloudWatch's. Pure.
 *
 * - counter: the increase; 0 where nothing was counted yet
 * - gauge: the sum or the maximum of its series; left out where one of them is not known
 * - histogram: up to 100 values, evenly spaced quantiles of what was observed, so that every statistic can be had of
 *   one metric. A value errs by its bucket's width at most, except beyond the last finite bound, where that bound is
 *   shown; a rank errs by 1 % at most; SampleCount says 100 where more was observed.
 */
export function measure(
  samples: readonly Sample[],
  previous: Totals,
  exported: readonly Exported[],
): { measures: Record<string, Measure>; totals: Totals } {
  const byName = new Map(samples.map((sample) => [sample.name, sample]))
  const measures: Record<string, Measure> = {}
  const totals = new Map<string, number>()
  const since = (key: string, total: number) => {
    totals.set(key, total)
    return total - (previous.get(key) ?? 0)
  }
  for (const { from, as, unit, where = {}, over } of exported) {
    const sample = byName.get(from)
    if (!sample) continue
    const values = sample.values.filter(({ labels }) =>
      Object.entries(where).every(([label, value]) => String(labels[label]) === value),
    )
    const all = values.map(({ value }) => value)
    if (sample.type === 'counter') measures[as] = { value: since(as, sumOf(all)), unit }
    else if (sample.type === 'gauge')
      measures[as] = { value: over === 'max' ? Math.max(...all) : sumOf(all, NaN), unit }
    else {
      const buckets = [...cumulative(values)].map(
        ([bound, count]) => [bound, since(`${as} ${bound}`, count)] as const,
      )
      measures[as] = { value: quantiles(buckets), unit }
    }
  }
  return { measures, totals }
}

/** @param none the sum of no values */
const sumOf = (values: readonly number[], none = 0) =>
  values.length === 0 ? none : values.reduce((sum, value) => sum + value, 0)

/** How many observations were at most each bound, in the bounds' order. */
function cumulative(values: Sample['values']): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { labels, value } of values) {
    const le: unknown = labels['le']
    if (le === undefined) continue // its sum and its count
    const bound = le === '+Inf' ? Infinity : Number(le)
    counts.set(bound, (counts.get(bound) ?? 0) + value)
  }
  return new Map([...counts].toSorted(([a], [b]) => a - b))
}

/** Evenly spaced quantiles, as many as there were observations and at most 100; interpolated as Prometheus does. */
function quantiles(buckets: readonly (readonly [bound: number, count: number])[]): number[] {
  const total = buckets.at(-1)?.[1] ?? 0
  const n = Math.min(MAX_VALUES, total)
  const values: number[] = []
  let lower = 0
  let below = 0
  for (const [bound, count] of buckets) {
    for (;;) {
      const rank = ((values.length + 0.5) / n) * total
      if (values.length === n || rank > count) break
      const part = (rank - below) / (count - below)
      values.push(bound === Infinity ? lower : round(lower + (bound - lower) * part))
    }
    if (bound !== Infinity) lower = bound
    below = count
  }
  return values
}

/** Three digits are more than a bucket holds, and keep the line under the 16 KiB at which a container's log splits it. */
const round = (value: number) => Number(value.toPrecision(3))

export interface ExportOptions {
  registry: Pick<Registry, 'getMetricsAsJSON'>
  /** what of the registry goes to CloudWatch */
  exported: readonly Exported[]
  /** the dimension Worker: a deployment's id, `sink` or `producer` */
  worker: string
  /** what `Up` says: 1 or 0; a worker that is gone says nothing */
  up?: () => boolean | Promise<boolean>
  /** default: stdout */
  write?: (line: string) => void
}

export interface MetricsExport {
  /** Writes what has come since the last time. */
  flush(): Promise<void>
}

/**
 * Takes metrics to CloudWatch, with the dimensions Stack and Worker.
 * @returns undefined without METRICS=emf
 * @throws TerminalError `CONFIG` where STACK is missing
 */
export function createMetricsExport(
  { METRICS, STACK }: z.output<typeof MetricsConfig>,
  {
    registry,
    exported,
    worker,
    up,
    write = (line) => process.stdout.write(`${line}\n`),
  }: ExportOptions,
): MetricsExport | undefined {
  if (METRICS === undefined) return undefined
  if (STACK === undefined)
    throw new TerminalError('CONFIG', 'METRICS=emf needs STACK: the name of the stack')
  const dimensions = { Stack: STACK, Worker: worker }
  let previous: Totals = new Map()
  return {
    async flush() {
      const samples = await registry.getMetricsAsJSON()
      const { measures, totals } = measure(samples, previous, exported)
      previous = totals
      const metrics: Record<string, Measure> = up
        ? { Up: { value: (await up()) ? 1 : 0, unit: 'Count' }, ...measures }
        : measures
      const line = emfLine({ dimensions, metrics }, Date.now())
      if (line !== undefined) write(line)
    },
  }
}

const EVERY_MS = 60_000

/**
 * For a Lambda, which runs only while it is asked: flushes if it has not for a minute. What has come in between is in
 * the next line; at the end of an environment's life it is lost, so that sums come out low rather than cost a line of
 * log for each request.
 */
export function flushAfterInvocation(metrics: MetricsExport | undefined): () => Promise<void> {
  let due = 0
  return async () => {
    if (!metrics || Date.now() < due) return
    due = Date.now() + EVERY_MS
    await metrics.flush()
  }
}

/**
 * Flushes at once and each minute, as CloudWatch's alarms look.
 * @returns ends it with a last flush
 */
export function flushEachMinute(metrics: MetricsExport | undefined): () => Promise<void> {
  if (!metrics) return () => Promise.resolve()
  void metrics.flush()
  const timer = setInterval(() => void metrics.flush(), EVERY_MS)
  return () => {
    clearInterval(timer)
    return metrics.flush()
  }
}
