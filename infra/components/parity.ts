import * as pulumi from '@pulumi/pulumi'
import { imageOf } from '../build/artifacts.ts'
import type { Settings } from '../config.ts'
import type { Statement } from '../plan/grants.ts'
import { lagBoundOf } from '../plan/sizes.ts'
import { alarm, ownMetric, type AlarmSpec } from './alarm.ts'
import type { Engine } from './engine.ts'
import { FargateWorker } from './fargate-worker.ts'
import type { Runtime } from './runtime.ts'
import { toReadVerdicts, VERDICTS, type StateBucket } from './state-bucket.ts'
import { WORKER_VOLUME } from './worker-volume.ts'

export interface ParityArgs {
  runtime: Runtime
  settings: Pick<Settings, 'stack' | 'images' | 'sizes' | 'floor'>
  /** the two that run, in any order */
  engines: readonly [Engine, Engine]
  state: StateBucket
  alarmTopicArn: pulumi.Input<string>
}

/** Where two engines run: the comparer of what they write, which leaves its verdicts in S3 for the control function. */
export class Parity extends pulumi.ComponentResource {
  readonly serviceName: pulumi.Output<string>
  readonly logGroupName: pulumi.Output<string>

  constructor(
    name: string,
    { runtime, settings, engines, state, alarmTopicArn }: ParityArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super('orderup:parity:Parity', name, {}, opts)
    const { floor, sizes } = settings
    // whichever of the two owns the orders, so that a cutover leaves the comparer as it is
    const sides = engines.toSorted((a, b) => (a.deployment < b.deployment ? -1 : 1))
    const worker = new FargateWorker(
      name,
      {
        runtime,
        image: imageOf(settings, 'parity'),
        ...sizes.parity,
        env: {
          DEPLOYMENTS: sides.map(({ deployment }) => deployment).join(','),
          // in the same order: a verdict holds for what ran, and for nothing else
          ARTIFACTS: pulumi
            .all(sides.map(({ artifact }) => artifact))
            .apply((all) => all.join(',')),
          VERDICTS_URL: state.verdictsUrl,
          FLOOR_ROWS: String(floor.rows),
          FLOOR_ORDERS: String(floor.orders),
          LAG_BOUND: String(lagBoundOf(sizes)),
        },
        statements: verdictStatements(state, runtime.keyArn),
        kafka: 'parity',
        writable: [WORKER_VOLUME],
        replacement: 'exclusive',
        stopTimeoutS: 30,
        desired: 1,
      },
      { parent: this },
    )
    alarm(`${name}-differences`, differ(runtime.stack), alarmTopicArn, this)
    this.serviceName = worker.serviceName
    this.logGroupName = worker.logGroupName
    this.registerOutputs({ serviceName: this.serviceName })
  }
}

const differ = (stack: string): AlarmSpec => ({
  title: 'Engines differ',
  says: 'The two engines do not write the same rows: the comparer has found a raw record about which they disagree. Its verdict is FAIL, and no cutover goes through. Do not force one. Which rows and fields, and what each wrote, stands in the verdict.',
  of: ownMetric(stack, 'parity', 'Differences', 'Maximum'),
  threshold: { above: 0 },
  breaches: 1,
  missing: 'notBreaching',
})

/** It writes verdicts, and reads them: after a restart it goes on from its own. */
const verdictStatements = (state: StateBucket, keyArn: string) =>
  pulumi.all([state.arn, toReadVerdicts(state)]).apply(([bucket, toRead]): Statement[] => [
    ...toRead,
    {
      Sid: 'WriteVerdicts',
      Effect: 'Allow',
      Action: ['s3:PutObject'],
      Resource: [`${bucket}/${VERDICTS}/*`],
    },
    {
      Sid: 'Encryption',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: [keyArn],
    },
  ])
