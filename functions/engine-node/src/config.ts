import { availableParallelism, hostname } from 'node:os'
import { KafkaConfig, LogLevel, MetricsConfig, WorkerConfig } from '@order-up/kit'
import { z } from 'zod'
import { WantedTransport } from './transport-choice.ts'

const millis = (standard: number) => z.coerce.number().int().min(100).default(standard)

const MAX_WORKERS = 64

/** The engine worker's environment. */
export const EngineConfig = z.object({
  ...KafkaConfig.shape,
  ...WorkerConfig.shape,
  ...MetricsConfig.shape,
  LOG_LEVEL: LogLevel,
  /** names the consumer group, transactional ids, shadow topics and `engine` header */
  DEPLOYMENT: z
    .string()
    .regex(/^node-[1-9][0-9]*$/, 'node-1, node-2, …')
    .default('node-1'),
  /**
   * this worker among those of its deployment; names its state folder, and its reports: two of one name would hide each
   * other from a swap. Default: the host's name, which is a task's own on ECS. Of several workers in one command it
   * is the common part: `a` has `a.1`, `a.2`, …
   */
  INSTANCE: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, '1 to 64 letters, digits, ., _ or -')
    .prefault(hostname),
  /** processes that share the partitions; default: one for each core. --workers is the same. */
  WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_WORKERS)
    .prefault(() => Math.min(availableParallelism(), MAX_WORKERS)),
  /** of each worker, for the newest orders' state, in MiB; what is older is read from STATE_DIR */
  STATE_MEMORY_MB: z.coerce.number().int().min(16).default(256),
  /** which client library writes */
  TRANSPORT: WantedTransport,
  STATE_DIR: z.string().min(1).default('.order-up/state'),
  /** a folder or s3://bucket/prefix; unset = no snapshots: state that is lost is folded again from the beginning */
  SNAPSHOT_URL: z.string().min(1).optional(),
  SNAPSHOT_INTERVAL_MS: millis(300_000),
  FLUSH_INTERVAL_MS: millis(5_000),
  /** the broker's minimum is 6 s by default */
  SESSION_TIMEOUT_MS: millis(6_000),
  TRANSACTION_TIMEOUT_MS: millis(10_000),
  MAX_RECORDS_PER_TRANSACTION: z.coerce.number().int().min(1).default(4_000),
  /** of one partition */
  MAX_BYTES_PER_FETCH: z.coerce
    .number()
    .int()
    .min(1_024)
    .default(1 << 20),
})
export type EngineConfig = z.infer<typeof EngineConfig>
