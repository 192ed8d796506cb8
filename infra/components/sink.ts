import * as pulumi from '@pulumi/pulumi'
import { imageOf } from '../build/artifacts.ts'
import type { Settings } from '../config.ts'
import { FargateWorker } from './fargate-worker.ts'
import type { Runtime } from './runtime.ts'
import { sinkFunction } from './sink-function.ts'
import type { Warehouse } from './warehouse.ts'

export interface SinkArgs {
  runtime: Runtime
  settings: Pick<Settings, 'sink' | 'stack' | 'images' | 'sizes'>
  warehouse: Warehouse
}

/** Rows of a batch that was merged before the old sink is killed are committed well within this. */
const STOP_TIMEOUT_S = 120

/**
 * Writes curated rows into the warehouse: one process, one MERGE at a time, so never two at once. On ECS by default; as a
 * Lambda on an event source mapping with `order-up:sink: lambda`, which costs nothing while nothing comes.
 */
export class Sink extends pulumi.ComponentResource {
  readonly logGroupName: pulumi.Output<string>
  /** the ECS service's or the function's, which its metrics are found by */
  readonly physicalName: pulumi.Output<string>

  constructor(name: string, args: SinkArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super('orderup:sink:Sink', name, {}, opts)
    // the whole warehouse: with its table, grants and the user's key
    const within = { parent: this, dependsOn: [args.warehouse] }
    if (args.settings.sink === 'lambda') {
      const lambda = sinkFunction(name, args, within)
      this.logGroupName = lambda.logGroupName
      this.physicalName = lambda.functionName
    } else {
      const worker = sinkService(name, args, within)
      this.logGroupName = worker.logGroupName
      this.physicalName = worker.serviceName
    }
    this.registerOutputs({ physicalName: this.physicalName })
  }
}

const sinkService = (
  name: string,
  { runtime, settings, warehouse }: SinkArgs,
  opts: pulumi.ComponentResourceOptions,
) =>
  new FargateWorker(
    name,
    {
      runtime,
      image: imageOf(settings, 'sink'),
      ...settings.sizes.sink,
      env: { ...warehouse.env },
      // its ARN names the key slot, so that a raised keyGeneration restarts the sink with the new key
      secrets: {
        SNOWFLAKE_PRIVATE_KEY: pulumi.interpolate`${warehouse.keySecretArn}:privateKey::`,
      },
      kafka: 'sink',
      replacement: 'exclusive',
      stopTimeoutS: STOP_TIMEOUT_S,
      desired: 1,
    },
    opts,
  )
