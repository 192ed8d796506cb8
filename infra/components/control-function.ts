import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Statement } from '../plan/grants.ts'
import type { KeySecrets } from './key-secrets.ts'
import { LambdaWorker } from './lambda-worker.ts'
import { policyDocument, trustOf } from './policies.ts'
import type { Runtime } from './runtime.ts'
import { toReadVerdicts, type StateBucket } from './state-bucket.ts'

/** A step of a swap is short, but the first call pays for the connections. */
const TIMEOUT_S = 300

export interface ControlFunctionArgs {
  runtime: Runtime
  state: StateBucket
  keys: KeySecrets
}

/** Begins the name of every Flink application of a stack. */
export const flinkApplicationPrefix = (stack: string) => `order-up-${stack}-flink-`

/**
 * The one thing that reaches brokers and registry while a stack is deployed, and each minute measures what no worker sees
 * of itself. None of its inputs depends on which engines run: a flip changes what it is asked, never what it is.
 */
export class ControlFunction extends pulumi.ComponentResource {
  readonly functionName: pulumi.Output<string>
  readonly functionArn: pulumi.Output<string>
  readonly logGroupName: pulumi.Output<string>

  constructor(
    name: string,
    { runtime, state, keys }: ControlFunctionArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super('orderup:control:ControlFunction', name, {}, opts)
    const within = { parent: this }
    const worker = new LambdaWorker(
      name,
      {
        runtime,
        bundle: 'control',
        description: 'Order-Up: subjects, share epochs, keys and measures',
        memory: 1_024,
        timeoutS: TIMEOUT_S,
        // A step and a probe beside it. That two steps never interleave is the transactional id's doing, not this limit's.
        concurrency: 2,
        env: { ECS_CLUSTER: runtime.ecsClusterArn, VERDICTS_URL: state.verdictsUrl },
        kafka: 'control',
        statements: pulumi
          // decrypting is every Lambda worker's right already
          .all([proofStatements(runtime), toReadVerdicts(state), keyStatements(runtime, keys)])
          .apply((lists) => lists.flat()),
      },
      within,
    )
    // A probe that failed or was late is not made up for: the next one is a minute away.
    const once = new aws.lambda.FunctionEventInvokeConfig(
      `${name}-once`,
      {
        functionName: worker.functionName,
        maximumRetryAttempts: 0,
        maximumEventAgeInSeconds: 60,
      },
      within,
    )
    this.#probeEachMinute(name, worker, runtime, once)
    this.functionName = worker.functionName
    this.functionArn = worker.functionArn
    this.logGroupName = worker.logGroupName
    this.registerOutputs({ functionName: this.functionName })
  }

  #probeEachMinute(
    name: string,
    worker: LambdaWorker,
    { accountId }: Runtime,
    once: pulumi.Resource,
  ): void {
    const within = { parent: this }
    const role = new aws.iam.Role(
      `${name}-probe`,
      { assumeRolePolicy: trustOf('scheduler.amazonaws.com', accountId) },
      within,
    )
    const policy = new aws.iam.RolePolicy(
      `${name}-probe`,
      {
        role: role.name,
        policy: policyDocument(
          worker.functionArn.apply((arn): Statement[] => [
            { Sid: 'Probe', Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource: [arn] },
          ]),
        ),
      },
      within,
    )
    new aws.scheduler.Schedule(
      `${name}-probe`,
      {
        description: "Measures each group's lag and the last stable offsets",
        scheduleExpression: 'rate(1 minute)',
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: worker.functionArn,
          roleArn: role.arn,
          input: JSON.stringify({ action: 'probe' }),
          retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
        },
      },
      { ...within, dependsOn: [policy, once] },
    )
  }
}

/** To see that every engine runs as it was deployed: read only, this stack's only. */
const proofStatements = ({ stack, region, accountId, ecsClusterName, ecsClusterArn }: Runtime) =>
  pulumi
    .all([accountId, ecsClusterName, ecsClusterArn])
    .apply(([account, name, cluster]): Statement[] => {
      const inCluster = (kind: string) => `arn:aws:ecs:${region}:${account}:${kind}/${name}/*`
      return [
        {
          Sid: 'Services',
          Effect: 'Allow',
          Action: ['ecs:DescribeServices'],
          Resource: [inCluster('service')],
        },
        {
          Sid: 'Tasks',
          Effect: 'Allow',
          Action: ['ecs:DescribeTasks'],
          Resource: [inCluster('task')],
        },
        {
          // its resource is a container instance, and Fargate has none
          Sid: 'ListTasks',
          Effect: 'Allow',
          Action: ['ecs:ListTasks'],
          Resource: ['*'],
          Condition: { ArnEquals: { 'ecs:cluster': cluster } },
        },
        {
          Sid: 'Applications',
          Effect: 'Allow',
          Action: ['kinesisanalytics:DescribeApplication'],
          Resource: [
            `arn:aws:kinesisanalytics:${region}:${account}:application/${flinkApplicationPrefix(stack)}*`,
          ],
        },
      ]
    })

const keyStatements = ({ keyArn }: Runtime, { secrets }: KeySecrets) =>
  pulumi.all(secrets.map(({ secret }) => secret.arn)).apply((arns): Statement[] => [
    {
      Sid: 'ServiceKeys',
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      Resource: arns,
    },
    { Sid: 'Encrypt', Effect: 'Allow', Action: ['kms:GenerateDataKey'], Resource: [keyArn] },
  ])
