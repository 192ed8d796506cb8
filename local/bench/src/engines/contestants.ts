import { availableParallelism } from 'node:os'
import type { Engine } from '@order-up/schemas'

export const MEASURES = ['throughput', 'latency', 'recovery'] as const
export type Measure = (typeof MEASURES)[number]

/** An engine as it is set up for one measure. */
export interface Contestant {
  /** what tables and pictures call it; unique within its measure */
  name: string
  engine: Engine
  /** on top of the engine's own defaults */
  env: Readonly<Record<string, string>>
  /** about how long a full run takes, seconds: only the forecast of a run's end is made of it */
  seconds: number
}

/** What ratios are ratios to: one Node worker; its transport is kafkajs in throughput, and the default elsewhere. */
export const BASELINE = 'node'

const HEAP = { STATE_BACKEND: 'hashmap' }
const ROCKSDB = { STATE_BACKEND: 'rocksdb' }
/** Kafka Streams' default commit interval under exactly once */
const OFTEN = { CHECKPOINT_INTERVAL_MS: '100' }
const ONE_WORKER = { WORKERS: '1' }
/** the command's own default; the local stack's is one */
const ALL_CORES = { WORKERS: String(availableParallelism()) }
const KAFKAJS = { TRANSPORT: 'kafkajs' }
const NATIVE = { TRANSPORT: 'native' }

const node = (name: string, env: Contestant['env'], seconds: number): Contestant => ({
  name: `${BASELINE}${name}`,
  engine: 'node',
  env,
  seconds,
})
const flink = (name: string, env: Contestant['env'], seconds: number): Contestant => ({
  name: `flink ${name}`,
  engine: 'flink',
  env,
  seconds,
})
const streams = (name: string, env: Contestant['env'], seconds: number): Contestant => ({
  name: `kafka streams${name}`,
  engine: 'kafka-streams',
  env,
  seconds,
})

/** Everything is as each engine ships it but for what `env` says. */
export const CONTESTANTS: Readonly<Record<Measure, readonly Contestant[]>> = {
  throughput: [
    node('', { ...ONE_WORKER, ...KAFKAJS }, 55),
    node(' native', { ...ONE_WORKER, ...NATIVE }, 55),
    node(', all cores', { ...ALL_CORES, ...KAFKAJS }, 47),
    flink('heap', HEAP, 50),
    flink('RocksDB', ROCKSDB, 57),
    streams('', {}, 57),
  ],
  latency: [
    node('', ONE_WORKER, 37),
    flink('heap, 100 ms', { ...HEAP, ...OFTEN }, 42),
    flink('heap, 1 s', HEAP, 42),
    streams('', {}, 40),
  ],
  recovery: [
    node('', ONE_WORKER, 25),
    flink('heap', HEAP, 35),
    flink('RocksDB', ROCKSDB, 35),
    streams('', {}, 40),
    streams(', not static', { STATIC_MEMBERSHIP: 'false' }, 45),
  ],
}

/** Held equal for those that have a consumer group; Flink has none, and ignores it. */
export const SESSION_TIMEOUT_MS = '6000'

/** Of every JVM engine, of the 2 to 4 GB that a container for either would have. */
export const JVM_HEAP = '2g'
