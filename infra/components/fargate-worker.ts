import * as pulumi from '@pulumi/pulumi'
import type { Input } from '@pulumi/pulumi'
import { kafkaStatements, type Worker } from '../plan/grants.ts'
import { FargateService, type FargateServiceArgs } from './fargate-service.ts'
import type { KafkaAccess, Runtime } from './runtime.ts'

/** Where every worker serves /metrics, /healthz and /livez, to its own task only. */
const HTTP_PORT = 9100
/** seconds left before ECS kills it: for its own last words */
const PUT_AWAY_S = 5

export interface FargateWorkerArgs extends Omit<
  FargateServiceArgs,
  'runtime' | 'user' | 'healthCommand'
> {
  runtime: Runtime
  /** whose grants in Kafka it has; undefined = it does not go there */
  kafka?: Worker
  /** default: asks /livez with node; for an image without node */
  healthCommand?: readonly string[]
}

/** Our own images' user. */
const USER = '1000'

// /livez, not /healthz: no restart cures a wait for a broker, a warehouse or the first epoch
const NODE_ASKS_LIVEZ = [
  'node',
  '-e',
  `fetch('http://127.0.0.1:${HTTP_PORT}/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`,
]

/** One of the project's workers on Fargate, with what all of them need to reach Kafka and the registry. */
export class FargateWorker extends FargateService {
  constructor(name: string, args: FargateWorkerArgs, opts: pulumi.ComponentResourceOptions) {
    const { kafka: worker, runtime, env, secrets, statements, ...rest } = args
    const access = worker === undefined ? undefined : runtime.kafka
    // only MSK asks IAM
    const granted =
      worker === undefined
        ? undefined
        : runtime.kafka.clusterArn?.apply((arn) => kafkaStatements(arn, worker))
    super(
      name,
      {
        ...rest,
        runtime,
        user: USER,
        healthCommand: args.healthCommand ?? NODE_ASKS_LIVEZ,
        env: {
          AWS_REGION: runtime.region,
          HTTP_PORT: String(HTTP_PORT),
          STOP_DEADLINE_MS: String((args.stopTimeoutS - PUT_AWAY_S) * 1_000),
          METRICS: 'emf',
          STACK: runtime.stack,
          SCHEMA_REGISTRY_URL: runtime.registryUrl,
          ...(access && { KAFKA_BROKERS: access.brokers, KAFKA_SECURITY: access.security }),
          ...env,
        },
        secrets: { ...passwordOf(access), ...secrets },
        ...((granted || statements) && {
          statements: pulumi
            .all([granted ?? [], statements ?? []])
            .apply(([ofKafka, others]) => [...ofKafka, ...others]),
        }),
      },
      opts,
      'orderup:compute:FargateWorker',
    )
  }
}

const passwordOf = (access: KafkaAccess | undefined): Record<string, Input<string>> =>
  access?.secretArn === undefined
    ? {}
    : {
        KAFKA_USERNAME: `${access.secretArn}:username::`,
        KAFKA_PASSWORD: `${access.secretArn}:password::`,
      }
