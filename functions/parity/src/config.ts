import { DeploymentName } from '@order-up/control'
import { KafkaConfig, LogLevel, MetricsConfig, WorkerConfig } from '@order-up/kit'
import { z } from 'zod'

const list = z.string().transform((text) => text.split(',').map((part) => part.trim()))
const whole = (standard: number, min = 0) => z.coerce.number().int().min(min).default(standard)

/** The comparer's environment. */
export const ParityConfig = z
  .object({
    ...KafkaConfig.shape,
    ...WorkerConfig.shape,
    ...MetricsConfig.shape,
    LOG_LEVEL: LogLevel,
    /** the two that are compared, separated by a comma */
    DEPLOYMENTS: list.pipe(z.tuple([DeploymentName, DeploymentName], 'two deployments: a,b')),
    /** what runs as each of them, in the same order: the digest of an image, or the hash of a build */
    ARTIFACTS: list.pipe(
      z.tuple([z.string().min(1), z.string().min(1)], 'the artefacts of both: a,b'),
    ),
    /** where the verdict is kept: a folder, or s3://bucket/prefix */
    VERDICTS_URL: z.string().min(1),
    /** how often the verdict is written */
    REPORT_INTERVAL_MS: whole(10_000, 100),
    /** rows that must have been compared before a verdict is more than INCONCLUSIVE */
    FLOOR_ROWS: whole(10_000),
    /** orders that these must be of */
    FLOOR_ORDERS: whole(1_000),
    /** raw records that either deployment, or the comparison, may be behind */
    LAG_BOUND: whole(50_000),
    /** how long a deployment that is behind may commit nothing, and a transaction may hold readers back */
    STALL_MS: whole(30_000, 100),
    /** records that may wait in memory for the other side's, about 0.4 KB each */
    MAX_HELD_ROWS: whole(400_000, 1),
  })
  .transform(({ DEPLOYMENTS: [a, b], ARTIFACTS, ...rest }) => ({
    ...rest,
    // sorted, as in the verdict's name
    DEPLOYMENTS: a < b ? ([a, b] as const) : ([b, a] as const),
    ARTIFACTS: a < b ? ARTIFACTS : ([ARTIFACTS[1], ARTIFACTS[0]] as const),
  }))
  .refine(({ DEPLOYMENTS: [a, b] }) => a !== b, {
    path: ['DEPLOYMENTS'],
    message: 'two different deployments',
  })
export type ParityConfig = z.infer<typeof ParityConfig>
