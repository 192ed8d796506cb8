/** How big each tier is. What a month costs is in README, "Deploy". */
export interface Sizes {
  zones: 2 | 3
  broker: {
    instanceType: string
    count: number
    storageGiB: number
    maxStorageGiB: number
    tieredStorage: boolean
  }
  replicationFactor: number
  /** Fargate's CPU units (1,024 = one vCPU) and memory in MiB */
  engine: { cpu: number; memory: number; minTasks: number; maxTasks: number }
  /** Kinesis processing units: 1 vCPU and 4 GiB each */
  flink: { parallelism: number; checkpointIntervalMs: number }
  sink: { cpu: number; memory: number }
  parity: { cpu: number; memory: number }
  registry: {
    cpu: number
    memory: number
    tasks: number
    databaseClass: string
    databaseGiB: number
    multiAz: boolean
    backupDays: number
  }
  producer: {
    memory: number
    reservedConcurrency: number
    requestsPerSecond: number
    burst: number
  }
  logRetentionDays: 7 | 30 | 90
}

const TIERS: Readonly<Record<'dev' | 'staging' | 'prod', Sizes>> = {
  dev: {
    zones: 2,
    broker: {
      instanceType: 'kafka.t3.small',
      count: 2,
      storageGiB: 20,
      maxStorageGiB: 100,
      tieredStorage: false,
    },
    replicationFactor: 2,
    engine: { cpu: 512, memory: 1_024, minTasks: 1, maxTasks: 1 },
    flink: { parallelism: 1, checkpointIntervalMs: 1_000 },
    sink: { cpu: 256, memory: 1_024 },
    parity: { cpu: 512, memory: 2_048 },
    registry: {
      cpu: 256,
      memory: 1_024,
      tasks: 1,
      databaseClass: 'db.t4g.micro',
      databaseGiB: 20,
      multiAz: false,
      backupDays: 7,
    },
    // a small broker takes four new IAM connections a second
    producer: { memory: 512, reservedConcurrency: 5, requestsPerSecond: 50, burst: 100 },
    logRetentionDays: 7,
  },
  staging: {
    zones: 2,
    broker: {
      instanceType: 'kafka.m7g.large',
      count: 2,
      storageGiB: 100,
      maxStorageGiB: 500,
      tieredStorage: false,
    },
    replicationFactor: 2,
    engine: { cpu: 1_024, memory: 2_048, minTasks: 1, maxTasks: 2 },
    flink: { parallelism: 2, checkpointIntervalMs: 1_000 },
    sink: { cpu: 512, memory: 2_048 },
    parity: { cpu: 1_024, memory: 4_096 },
    registry: {
      cpu: 512,
      memory: 1_024,
      tasks: 1,
      databaseClass: 'db.t4g.micro',
      databaseGiB: 20,
      multiAz: false,
      backupDays: 14,
    },
    producer: { memory: 512, reservedConcurrency: 20, requestsPerSecond: 500, burst: 1_000 },
    logRetentionDays: 30,
  },
  prod: {
    zones: 3,
    broker: {
      instanceType: 'kafka.m7g.large',
      count: 3,
      storageGiB: 250,
      maxStorageGiB: 2_000,
      tieredStorage: true,
    },
    replicationFactor: 3,
    engine: { cpu: 2_048, memory: 4_096, minTasks: 2, maxTasks: 6 },
    flink: { parallelism: 4, checkpointIntervalMs: 1_000 },
    sink: { cpu: 1_024, memory: 4_096 },
    parity: { cpu: 2_048, memory: 8_192 },
    registry: {
      cpu: 512,
      memory: 2_048,
      tasks: 2,
      databaseClass: 'db.t4g.small',
      databaseGiB: 20,
      multiAz: true,
      backupDays: 35,
    },
    producer: { memory: 1_024, reservedConcurrency: 100, requestsPerSecond: 5_000, burst: 10_000 },
    logRetentionDays: 90,
  },
}

/**
 * How a task of the Node engine is divided: a worker for each vCPU that it has, begun ones too, and a third of its memory
 * for the states of orders. As much as the engine's `memoryNeed` says comes on top: 406 MiB for each worker, and 48 MiB
 * for the index of each million orders.
 */
export function nodeWorkersOf({ cpu, memory }: Pick<Sizes['engine'], 'cpu' | 'memory'>): {
  workers: number
  /** MiB, of each */
  stateMemory: number
} {
  const workers = Math.ceil(cpu / 1_024)
  return { workers, stateMemory: Math.floor(memory / 3 / workers) }
}

/** An incoming engine may be this far behind the busiest hour that the producer lets through. */
const LAG_BOUND_S = 5

/** How many raw records that is, over all partitions. */
export const lagBoundOf = ({ producer }: Sizes) => LAG_BOUND_S * producer.requestsPerSecond

/**
 * @param tier which of the three
 * @param partitions of raw: more tasks than that would have nothing to read
 */
export function sizesOf(tier: keyof typeof TIERS, partitions: number): Sizes {
  const sizes = TIERS[tier]
  const { minTasks, maxTasks } = sizes.engine
  return {
    ...sizes,
    engine: {
      ...sizes.engine,
      minTasks: Math.min(minTasks, partitions),
      maxTasks: Math.min(maxTasks, partitions),
    },
    flink: { ...sizes.flink, parallelism: Math.min(sizes.flink.parallelism, partitions) },
  }
}
