import type { Exported, TimeLag } from '@order-up/kit'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { MergeCounts, WarehouseRow } from './warehouse.ts'

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400]

export type SinkMetrics = ReturnType<typeof createSinkMetrics>

export function createSinkMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const lags = new Map<number, TimeLag>()
  return {
    registry,
    /** of the partitions assigned here */
    lags,
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
    lagSeconds: new Gauge({
      name: 'orderup_sink_lag_seconds',
      help: 'Time since the append of the oldest curated record that is not yet committed, at most; NaN = not known',
      labelNames: ['partition'] as const,
      registers,
      collect() {
        this.reset()
        for (const [partition, lag] of lags) this.set({ partition }, lag.seconds(Date.now()))
      },
    }),
    lag: new Gauge({
      name: 'orderup_sink_lag_records',
      help: 'High watermark minus committed offset, of the partitions assigned here; NaN = not known',
      labelNames: ['partition'] as const,
      registers,
    }),
  }
}

/** Counts rows that are merged, and how long they took to get there. */
export function observeMerge(
  metrics: SinkMetrics,
  rows: readonly WarehouseRow[],
  { staged, merged }: MergeCounts,
): void {
  const now = Date.now()
  metrics.rows.inc({ outcome: 'merged' }, merged)
  metrics.rows.inc({ outcome: 'stale' }, staged - merged)
  for (const { order, timestamp } of rows) {
    metrics.eventSeconds.observe((now - order.last_event_ts) / 1_000)
    metrics.curatedSeconds.observe((now - timestamp) / 1_000)
  }
}

/** What goes to CloudWatch, with `sink` as Worker. */
export const EXPORTED: readonly Exported[] = [
  { from: 'orderup_sink_lag_seconds', as: 'LagSeconds', unit: 'Seconds', over: 'max' },
  {
    from: 'orderup_sink_event_to_warehouse_seconds',
    as: 'EventToWarehouseSeconds',
    unit: 'Seconds',
  },
  {
    from: 'orderup_sink_curated_to_warehouse_seconds',
    as: 'CuratedToWarehouseSeconds',
    unit: 'Seconds',
  },
  {
    from: 'orderup_sink_rows_total',
    as: 'MergedRows',
    unit: 'Count',
    where: { outcome: 'merged' },
  },
  { from: 'orderup_sink_merge_failures_total', as: 'MergeFailures', unit: 'Count' },
]
