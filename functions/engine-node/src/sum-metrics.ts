import {
  AggregatorRegistry,
  type MetricObjectWithValues,
  type MetricValue,
  type Registry,
} from 'prom-client'

/** What one process measures, as its registry's getMetricsAsJSON() says. */
export type Measured = readonly MetricObjectWithValues<MetricValue<string>>[]

/** As much of a registry as whoever shows metrics needs. */
export type Shown = Pick<Registry, 'contentType' | 'metrics' | 'getMetricsAsJSON'>

/** The metrics of several processes as those of one: see each metric's `aggregator`; added up where it has none. Pure. */
export const sumOf = (all: readonly Measured[]): Registry => AggregatorRegistry.aggregate([...all])

/** What stays true of a process that is gone or does not answer: what it had counted, none of its gauges. Pure. */
export const countedIn = (measured: Measured): Measured =>
  // prom-client declares a number and hands over its name
  measured.filter(({ type }: { type: unknown }) => type === 'counter' || type === 'histogram')
