import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

export type EngineMetrics = ReturnType<typeof createMetrics>

/** What the engine exports. `records` is the accounting: every raw record that was emitted is in exactly one outcome. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const labelNames = ['partition'] as const
  return {
    registry,
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
      registers,
    }),
    lag: new Gauge({
      name: 'orderup_engine_lag_records',
      help: 'Raw records up to the high watermark that are not yet folded',
      labelNames,
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
      registers,
    }),
  }
}
