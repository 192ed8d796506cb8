import type { Engine } from '@order-up/schemas'

/** What the kit has to know of an engine that its interface does not say. */
export interface EngineTraits {
  /** of the process, on top of what every engine gets */
  env: Readonly<Record<string, string>>
  /**
   * how a deployment is made larger. `instances`: more processes join the one group. `parallelism`: it is one job,
   * which is stopped and started again with another PARALLELISM.
   */
  scales: 'instances' | 'parallelism'
}

export const TRAITS: Readonly<Record<Engine, EngineTraits>> = {
  node: {
    env: { FLUSH_INTERVAL_MS: '500', TRANSACTION_TIMEOUT_MS: '10000' },
    scales: 'instances',
  },
  'kafka-streams': {
    env: { THREADS: '2', TRANSACTION_TIMEOUT_MS: '10000' },
    scales: 'instances',
  },
  flink: {
    env: { PARALLELISM: '2', CHECKPOINT_INTERVAL_MS: '250' },
    scales: 'parallelism',
  },
}
