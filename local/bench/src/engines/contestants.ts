import type { Engine } from '@order-up/schemas'

export const MEASURES = ['throughput', 'latency', 'recovery'] as const
export type Measure = (typeof MEASURES)[number]

/** An engine as it is set up for one measure. */
export interface Contestant {
  /** what tables and pictures call it; unique within its measure */
  name: string
  engine: Engine
  /** processes that share the partitions */
  workers: number
  /** on top of the engine's own defaults */
  env: Readonly<Record<string, string>>
  /** about how long a full run takes, seconds: only the forecast of a run's end is made of it */
  seconds: number
}

/** What ratios are ratios to. */
export const BASELINE = 'node'

const HEAP = { STATE_BACKEND: 'hashmap' }
const ROCKSDB = { STATE_BACKEND: 'rocksdb' }
/** Kafka Streams' default commit interval under exactly once */
const OFTEN = { CHECKPOINT_INTERVAL_MS: '100' }

const node = (seconds: number): Contestant => ({
  name: BASELINE,
  engine: 'node',
  workers: 1,
  env: {},
  seconds,
})
const flink = (name: string, env: Contestant['env'], seconds: number): Contestant => ({
  name: `flink ${name}`,
  engine: 'flink',
  workers: 1,
  env,
  seconds,
})
const streams = (name: string, env: Contestant['env'], seconds: number): Contestant => ({
  name: `kafka streams${name}`,
  engine: 'kafka-streams',
  workers: 1,
  env,
  seconds,
})

/** Everything is as each engine ships it but for what `env` says. */
export const CONTESTANTS: Readonly<Record<Measure, readonly Contestant[]>> = {
  throughput: [
    node(55),
    { ...node(45), name: 'node, 2 workers', workers: 2 },
    flink('heap', HEAP, 25),
    flink('RocksDB', ROCKSDB, 32),
    streams('', {}, 32),
  ],
  latency: [
    node(37),
    flink('heap, 100 ms', { ...HEAP, ...OFTEN }, 42),
    flink('RocksDB, 100 ms', { ...ROCKSDB, ...OFTEN }, 42),
    flink('heap, 1 s', HEAP, 42),
    streams('', {}, 40),
  ],
  recovery: [
    node(25),
    flink('heap', HEAP, 35),
    flink('RocksDB', ROCKSDB, 35),
    streams('', {}, 40),
    streams(', session 45 s', { SESSION_TIMEOUT_MS: '45000' }, 45),
  ],
}

/** Held equal for those that have a consumer group; Flink has none, and ignores it. */
export const SESSION_TIMEOUT_MS = '6000'

/** Of every JVM engine, of the 2 to 4 GB that a container for either would have. */
export const JVM_HEAP = '2g'
