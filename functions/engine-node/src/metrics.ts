import type { Exported, TimeLag } from '@order-up/kit'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

export type EngineMetrics = ReturnType<typeof createMetrics>

/**
 * What the engine exports. `records` is the accounting: every raw record that was emitted is in exactly one outcome.
 * The metrics of several workers make one: what is counted is added up; an `aggregator` says what else becomes of a gauge.
 */
export function createMetrics() {
  const registry = new Registry()
  collectOfNode(registry)
  const registers = [registry]
  const labelNames = ['partition'] as const
  const lags = new Map<number, TimeLag>()
  return {
    registry,
    /** of the partitions held here */
    lags,
    records: new Counter({
      name: 'orderup_engine_records_total',
      help: 'Raw records whose outcome was committed by this process',
      labelNames: ['partition', 'outcome'] as const,
      registers,
    }),
    refolded: new Counter({
      name: 'orderup_engine_refolded_records_total',
      help: 'Raw records folded silently to rebuild state',
      labelNames,
      registers,
    }),
    offset: new Gauge({
      name: 'orderup_engine_next_offset',
      help: 'Next raw offset to fold',
      labelNames,
      aggregator: 'max', // a partition that changes hands may be two workers' for a moment
      registers,
    }),
    lag: new Gauge({
      name: 'orderup_engine_lag_records',
      help: 'Raw records up to the high watermark that are not yet folded',
      labelNames,
      aggregator: 'max',
      registers,
    }),
    lagSeconds: new Gauge({
      name: 'orderup_engine_lag_seconds',
      help: 'Time since the append of the oldest raw record that is not yet committed, at most; NaN = not known',
      labelNames,
      aggregator: 'max',
      registers,
      collect() {
        this.reset()
        for (const [partition, lag] of lags) this.set({ partition }, lag.seconds(Date.now()))
      },
    }),
    rawToCommitted: new Histogram({
      name: 'orderup_engine_raw_to_committed_seconds',
      help: 'From the append of the oldest raw record of a transaction to its commit: no record of it waited longer',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400],
      registers,
    }),
    transaction: new Histogram({
      name: 'orderup_engine_transaction_seconds',
      help: 'From the begin of a transaction to its commit',
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
      registers,
    }),
    restarts: new Counter({
      name: 'orderup_engine_partition_restarts_total',
      help: 'Partitions started again after a failure (as a transaction of unknown outcome), or dropped when fenced',
      labelNames: ['reason'] as const,
      registers,
    }),
    epoch: new Gauge({
      name: 'orderup_engine_epoch',
      help: 'Epoch of the shares that this worker acts on',
      aggregator: 'min', // that all of them act on
      registers,
    }),
  }
}

const records = (outcome: string) =>
  ({ from: 'orderup_engine_records_total', unit: 'Count', where: { outcome } }) as const

/**
 * What Node and its process take. prom-client looks at the event loop every 10 ms unless told otherwise: of a process that
 * does nothing else that was 0.3 % of a core.
 */
export const collectOfNode = (register: Registry) =>
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 500 })

/** What goes to CloudWatch; every engine has these names there, with its deployment as Worker. */
export const EXPORTED: readonly Exported[] = [
  { ...records('applied'), as: 'Applied' },
  { ...records('duplicate'), as: 'Duplicates' },
  { ...records('dead_letter'), as: 'DeadLetters' },
  { from: 'orderup_engine_lag_seconds', as: 'LagSeconds', unit: 'Seconds', over: 'max' },
  {
    from: 'orderup_engine_raw_to_committed_seconds',
    as: 'RawToCommittedSeconds',
    unit: 'Seconds',
  },
  { from: 'orderup_engine_partition_restarts_total', as: 'Restarts', unit: 'Count' },
]
