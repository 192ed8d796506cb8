import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import { lambdaBundle, type LambdaName } from '../build/artifacts.ts'
import { kafkaStatements, type Statement, type Worker } from '../plan/grants.ts'
import { logGroup } from './log-group.ts'
import { passwordStatements, policyDocument, trustOf } from './policies.ts'
import type { Runtime } from './runtime.ts'

export interface LambdaWorkerArgs {
  runtime: Runtime
  /** which of dist/ */
  bundle: LambdaName
  description: string
  /** MiB; a function has a vCPU for each 1,769 */
  memory: number
  timeoutS: number
  /** reserved: that many run at once, never more, and no other function can take them away */
  concurrency: number
  /** besides what every worker has; never a secret: ARNs of secrets, which the function reads itself */
  env: Readonly<Record<string, pulumi.Input<string>>>
  /** whose grants in Kafka it has */
  kafka: Worker
  /** of its role, besides Kafka's, its logs and its network interfaces */
  statements?: pulumi.Input<Statement[]>
}

/** A Lambda function in the VPC, of a bundle in dist/, with a role and a log group of its own. */
export class LambdaWorker extends pulumi.ComponentResource {
  readonly functionName: pulumi.Output<string>
  readonly functionArn: pulumi.Output<string>
  readonly invokeArn: pulumi.Output<string>
  readonly logGroupName: pulumi.Output<string>
  readonly roleArn: pulumi.Output<string>
  /** what its role may do; whatever makes the function work waits for it */
  readonly policy: aws.iam.RolePolicy

  constructor(name: string, args: LambdaWorkerArgs, opts: pulumi.ComponentResourceOptions) {
    super('orderup:compute:LambdaWorker', name, {}, opts)
    const { runtime } = args
    const { kafka } = runtime
    const within = { parent: this }

    const logs = logGroup(name, runtime, within)
    const role = new aws.iam.Role(
      name,
      { assumeRolePolicy: trustOf('lambda.amazonaws.com') },
      within,
    )
    this.policy = new aws.iam.RolePolicy(
      name,
      {
        role: role.name,
        policy: policyDocument(
          logStatements(logs.arn),
          networkStatements(runtime),
          secretStatements(runtime),
          kafka.clusterArn?.apply((arn) => kafkaStatements(arn, args.kafka)) ?? [],
          args.statements ?? [],
        ),
      },
      within,
    )
    const lambda = new aws.lambda.Function(
      name,
      {
        description: args.description,
        code: new pulumi.asset.FileArchive(lambdaBundle(args.bundle)),
        handler: 'index.handler',
        runtime: 'nodejs24.x',
        architectures: ['arm64'],
        role: role.arn,
        memorySize: args.memory,
        timeout: args.timeoutS,
        reservedConcurrentExecutions: args.concurrency,
        kmsKeyArn: runtime.keyArn,
        // as text, lines arrive as the worker wrote them: JSON already, some of them embedded metrics
        loggingConfig: { logFormat: 'Text', logGroup: logs.name },
        vpcConfig: {
          subnetIds: runtime.subnetIds,
          securityGroupIds: [runtime.workerSecurityGroupId],
        },
        environment: {
          variables: {
            KAFKA_BROKERS: kafka.brokers,
            KAFKA_SECURITY: kafka.security,
            ...(kafka.secretArn !== undefined && { KAFKA_SECRET_ARN: kafka.secretArn }),
            SCHEMA_REGISTRY_URL: runtime.registryUrl,
            LOG_LEVEL: 'info',
            NODE_OPTIONS: '--enable-source-maps',
            METRICS: 'emf',
            STACK: runtime.stack,
            ...args.env,
          },
        },
      },
      // Lambda tries the role's rights on network interfaces when the function is made
      { ...within, dependsOn: [this.policy] },
    )
    this.functionName = lambda.name
    this.functionArn = lambda.arn
    this.invokeArn = lambda.invokeArn
    this.logGroupName = logs.name
    this.roleArn = role.arn
    this.registerOutputs()
  }
}

const logStatements = (groupArn: pulumi.Output<string>) =>
  groupArn.apply((arn): Statement[] => [
    {
      Sid: 'Logs',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: [`${arn}:*`],
    },
  ])

/** What Lambda asks of a role to put a function into a VPC. EC2's Describe actions know no resources. */
const networkStatements = ({ region, accountId }: Runtime) =>
  accountId.apply((account): Statement[] => {
    const here = `arn:aws:ec2:${region}:${account}`
    return [
      {
        Sid: 'NetworkInterfaces',
        Effect: 'Allow',
        Action: [
          'ec2:CreateNetworkInterface',
          'ec2:DeleteNetworkInterface',
          'ec2:AssignPrivateIpAddresses',
          'ec2:UnassignPrivateIpAddresses',
        ],
        Resource: [`${here}:network-interface/*`, `${here}:subnet/*`, `${here}:security-group/*`],
      },
      {
        Sid: 'FindNetworkInterfaces',
        Effect: 'Allow',
        Action: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'],
        Resource: ['*'],
      },
    ]
  })

/** Its environment is encrypted, and so is Kafka's password, where there is one. */
const secretStatements = ({ keyArn, kafka }: Runtime): Statement[] => [
  { Sid: 'Decrypt', Effect: 'Allow', Action: ['kms:Decrypt'], Resource: [keyArn] },
  ...passwordStatements(kafka),
]
