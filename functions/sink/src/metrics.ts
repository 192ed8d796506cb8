import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400]

export type SinkMetrics = ReturnType<typeof createSinkMetrics>

export function createSinkMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    records: new Counter({
      name: 'orderup_sink_records_total',
      help: 'Curated records read and decoded',
      registers,
    }),
    rows: new Counter({
      name: 'orderup_sink_rows_total',
      help: 'Rows staged, by outcome: merged, or stale (the table or the batch holds that version or a newer one)',
      labelNames: ['outcome'] as const,
      registers,
    }),
    failures: new Counter({
      name: 'orderup_sink_merge_failures_total',
      help: 'Attempts to merge that failed; each is tried again',
      registers,
    }),
    mergeSeconds: new Histogram({
      name: 'orderup_sink_merge_seconds',
      help: 'Staging, counting and merging one batch',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    eventSeconds: new Histogram({
      name: 'orderup_sink_event_to_warehouse_seconds',
      help: 'From event_ts (when it happened, so a replay of history is long ago) to merged',
      buckets: SECONDS,
      registers,
    }),
    curatedSeconds: new Histogram({
      name: 'orderup_sink_curated_to_warehouse_seconds',
      help: 'From appended to the curated topic to merged',
      buckets: SECONDS,
      registers,
    }),
    lag: new Gauge({
      name: 'orderup_sink_lag_records',
      help: 'High watermark minus committed offset, of the partitions assigned here; NaN = not known',
      labelNames: ['partition'] as const,
      registers,
    }),
  }
}
