/**
 * CloudWatch's embedded metric format: a line of JSON in a log, which CloudWatch Logs turns into metrics. It takes no
 * agent, no sidecar and no right to call CloudWatch. Specification:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */

/** Where all of the project's own metrics are found. */
export const METRICS_NAMESPACE = 'OrderUp'

export type MetricUnit = 'Count' | 'Seconds'

export interface Measure {
  /** NaN = not known: left out. An array counts as that many observations, 100 at most. */
  value: number | readonly number[]
  unit: MetricUnit
}

export interface MetricsDocument {
  /** Each set of values is metrics of its own, and each of those costs about 0.30 USD a month: no partitions here. */
  dimensions: Readonly<Record<string, string>>
  metrics: Readonly<Record<string, Measure>>
}

/** The specification's limit for an array. */
export const MAX_VALUES = 100

/**
 * One document as one line; undefined where nothing is known.
 * @param now epoch milliseconds
 */
export function emfLine({ dimensions, metrics }: MetricsDocument, now: number): string | undefined {
  const known = Object.entries(metrics).filter(([, { value }]) => isKnown(value))
  if (known.length === 0) return undefined
  const directive = {
    Namespace: METRICS_NAMESPACE,
    Dimensions: [Object.keys(dimensions)],
    Metrics: known.map(([Name, { unit: Unit }]) => ({ Name, Unit })),
  }
  return JSON.stringify({
    _aws: { Timestamp: now, CloudWatchMetrics: [directive] },
    ...dimensions,
    ...Object.fromEntries(known.map(([name, { value }]) => [name, value])),
  })
}

const isKnown = (value: Measure['value']) =>
  typeof value === 'number'
    ? Number.isFinite(value)
    : value.length > 0 && value.every(Number.isFinite)

/** Writes measures that are taken once, as a probe's; without any that is known, nothing. */
export function emitMetrics(document: MetricsDocument): void {
  const line = emfLine(document, Date.now())
  // not console.log: a Lambda's puts the time and the request before the text
  if (line !== undefined) process.stdout.write(`${line}\n`)
}
