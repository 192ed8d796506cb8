import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Input, Output } from '@pulumi/pulumi'
import type { Statement } from '../plan/grants.ts'
import { logGroup } from './log-group.ts'
import { policyDocument, trustOf } from './policies.ts'
import type { Runtime } from './runtime.ts'

/** What a container is put into; whether it talks to Kafka or the registry is its own affair. */
export type Place = Omit<Runtime, 'kafka' | 'registryUrl'>

export interface FargateServiceArgs {
  runtime: Place
  /** by digest, or by an exact version */
  image: Input<string>
  /** default: the image's own */
  command?: string[]
  /** 1,024 = one vCPU */
  cpu: number
  /** MiB */
  memory: number
  /** uid of the image's user; never root */
  user: string
  env: Readonly<Record<string, Input<string>>>
  /** variable → ARN in Secrets Manager, of one JSON key as <arn>:<key>:: */
  secrets?: Readonly<Record<string, Input<string>>>
  /** of the task's role */
  statements?: Input<Statement[]>
  /** run inside of the container each 15 s; four failures in a row replace the task */
  healthCommand: readonly string[]
  /** seconds that a starting container may fail it; default 60, at most 300 */
  healthStartS?: number
  /**
   * Folders that the container writes to, on the task's own disk: VOLUMEs of the image that belong to its user.
   * Everything else of its file system is read-only. 'all' where the image cannot live with that.
   */
  writable?: readonly string[] | 'all'
  /** of the task's disk; default (and what is free of charge) 20 */
  ephemeralGiB?: number
  /** rolling: the new task first; exclusive: never two at once, so the old one first */
  replacement: 'rolling' | 'exclusive'
  /** from SIGTERM to SIGKILL, at most 120 */
  stopTimeoutS: number
  desired: number
  /** more tasks when the CPU is busy; `desired` is then the least */
  autoscale?: { max: number }
  /** that it is reached on; it gets into the first security group by rules of whoever needs it */
  port?: number
  /** default: the workers' */
  securityGroupIds?: Input<string>[]
  /** ARN of a Cloud Map service that its tasks are registered in */
  discoveryArn?: Input<string>
  /** ARN of a load balancer's target group */
  targetGroupArn?: Input<string>
}

/** 60 %: a task that is lost leaves the others room. */
const BUSY_CPU_PERCENT = 60

/**
 * A container as a service on ECS Fargate, arm64: in private subnets without a public address, as a user that is not root,
 * with a log group and two roles of its own. A deployment that doesn't come up is rolled back by ECS, which counts as
 * success there: what really runs has to be proven (see the control function's proofs).
 */
export class FargateService extends pulumi.ComponentResource {
  readonly serviceName: Output<string>
  readonly serviceArn: Output<string>
  readonly taskDefinitionArn: Output<string>
  readonly logGroupName: Output<string>
  readonly taskRoleArn: Output<string>

  constructor(
    name: string,
    args: FargateServiceArgs,
    opts: pulumi.ComponentResourceOptions,
    type = 'orderup:compute:FargateService',
  ) {
    super(type, name, {}, opts)
    const { runtime } = args
    const within = { parent: this }

    const logs = logGroup(name, runtime, within)
    const trust = trustOf('ecs-tasks.amazonaws.com', runtime.accountId)
    const starter = new aws.iam.Role(`${name}-start`, { assumeRolePolicy: trust }, within)
    const mayStart = new aws.iam.RolePolicy(
      `${name}-start`,
      { role: starter.name, policy: policyDocument(startStatements(args, logs.arn)) },
      within,
    )
    const role = new aws.iam.Role(name, { assumeRolePolicy: trust }, within)
    const granted = args.statements && [
      new aws.iam.RolePolicy(
        name,
        { role: role.name, policy: policyDocument(args.statements) },
        within,
      ),
    ]
    const task = new aws.ecs.TaskDefinition(
      name,
      {
        family: `order-up-${runtime.stack}-${name}`,
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
        cpu: String(args.cpu),
        memory: String(args.memory),
        executionRoleArn: starter.arn,
        taskRoleArn: role.arn,
        containerDefinitions: pulumi.jsonStringify([containerOf(args, logs.name)]),
        volumes: volumesOf(args).map(({ name: volume }) => ({ name: volume })),
        ...(args.ephemeralGiB !== undefined && {
          ephemeralStorage: { sizeInGib: args.ephemeralGiB },
        }),
      },
      within,
    )
    const isRolling = args.replacement === 'rolling'
    const service = new aws.ecs.Service(
      name,
      {
        cluster: runtime.ecsClusterArn,
        taskDefinition: task.arn,
        launchType: 'FARGATE',
        desiredCount: args.desired,
        deploymentMinimumHealthyPercent: isRolling ? 100 : 0,
        deploymentMaximumPercent: isRolling ? 200 : 100,
        deploymentCircuitBreaker: { enable: true, rollback: true },
        // else a task that never comes up is a deployment that went well
        waitForSteadyState: true,
        // would stop tasks that are well, only to have them elsewhere
        availabilityZoneRebalancing: 'DISABLED',
        networkConfiguration: {
          subnets: runtime.subnetIds,
          securityGroups: args.securityGroupIds ?? [runtime.workerSecurityGroupId],
          assignPublicIp: false,
        },
        ...(args.discoveryArn !== undefined && {
          serviceRegistries: { registryArn: args.discoveryArn },
        }),
        ...(args.targetGroupArn !== undefined &&
          args.port !== undefined && {
            loadBalancers: [
              {
                targetGroupArn: args.targetGroupArn,
                containerName: CONTAINER,
                containerPort: args.port,
              },
            ],
          }),
        enableExecuteCommand: false,
        enableEcsManagedTags: true,
        propagateTags: 'SERVICE',
      },
      {
        ...within,
        dependsOn: [mayStart, ...(granted ?? [])],
        // then the autoscaling's business
        ...(args.autoscale && { ignoreChanges: ['desiredCount'] }),
      },
    )
    if (args.autoscale) autoscale(name, service, runtime, args.desired, args.autoscale.max, within)

    this.serviceName = service.name
    this.serviceArn = service.arn
    this.taskDefinitionArn = task.arn
    this.logGroupName = logs.name
    this.taskRoleArn = role.arn
    this.registerOutputs({ serviceName: this.serviceName })
  }
}

const CONTAINER = 'worker'

const volumesOf = ({ writable = [] }: FargateServiceArgs) =>
  writable === 'all'
    ? []
    : writable.map((path) => ({ name: path.replace(/^\//, '').replaceAll('/', '-'), path }))

/** By name, so that their order changes nothing. */
const sorted = (variables: Readonly<Record<string, Input<string>>> = {}) =>
  Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1))

function containerOf(args: FargateServiceArgs, logGroupName: Output<string>) {
  return {
    name: CONTAINER,
    image: args.image,
    essential: true,
    ...(args.command && { command: args.command }),
    user: args.user,
    readonlyRootFilesystem: args.writable !== 'all',
    mountPoints: volumesOf(args).map(({ name, path }) => ({
      sourceVolume: name,
      containerPath: path,
      readOnly: false,
    })),
    linuxParameters: {
      capabilities: { drop: ['ALL'] },
      // passes SIGTERM on and buries what dies
      initProcessEnabled: true,
    },
    environment: sorted(args.env).map(([variable, value]) => ({ name: variable, value })),
    secrets: sorted(args.secrets).map(([variable, valueFrom]) => ({ name: variable, valueFrom })),
    ...(args.port !== undefined && {
      portMappings: [{ containerPort: args.port, protocol: 'tcp' }],
    }),
    healthCheck: {
      command: ['CMD', ...args.healthCommand],
      interval: 15,
      timeout: 10,
      retries: 4,
      startPeriod: args.healthStartS ?? 60,
    },
    stopTimeout: args.stopTimeoutS,
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': logGroupName,
        'awslogs-region': args.runtime.region,
        'awslogs-stream-prefix': CONTAINER,
      },
    },
  }
}

/** What ECS itself does before the container runs: pulls its image, reads its secrets, opens its log. */
function startStatements(args: FargateServiceArgs, logGroupArn: Output<string>) {
  const secrets = Object.values(args.secrets ?? {})
  const { keyArn, region } = args.runtime
  return pulumi
    .all([pulumi.output(args.image), logGroupArn, pulumi.all(secrets)])
    .apply(([image, groupArn, secretArns]): Statement[] => [
      {
        Sid: 'Log',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: [`${groupArn}:*`],
      },
      ...pullStatements(image),
      ...(secretArns.length === 0 ? [] : secretStatements(secretArns, keyArn, region)),
    ])
}

/** Nothing for an image that is not in ECR. */
function pullStatements(image: string): Statement[] {
  const [, account, region, repository] =
    /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^@:]+)/.exec(image) ?? []
  if (repository === undefined) return []
  return [
    {
      Sid: 'Pull',
      Effect: 'Allow',
      Action: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetDownloadUrlForLayer',
      ],
      Resource: [`arn:aws:ecr:${region}:${account}:repository/${repository}`],
    },
    // knows no resources
    { Sid: 'LogIn', Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: ['*'] },
  ]
}

function secretStatements(secretArns: string[], keyArn: string, region: string): Statement[] {
  // without what ECS takes for the JSON key, version stage and version id
  const whole = secretArns.map((arn) => arn.split(':').slice(0, 7).join(':'))
  return [
    {
      Sid: 'Secrets',
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue'],
      Resource: [...new Set(whole)],
    },
    {
      Sid: 'Decrypt',
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      Resource: [keyArn],
      Condition: { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` } },
    },
  ]
}

function autoscale(
  name: string,
  service: aws.ecs.Service,
  { ecsClusterName }: Place,
  min: number,
  max: number,
  opts: pulumi.CustomResourceOptions,
) {
  const target = new aws.appautoscaling.Target(
    name,
    {
      serviceNamespace: 'ecs',
      scalableDimension: 'ecs:service:DesiredCount',
      resourceId: pulumi.interpolate`service/${ecsClusterName}/${service.name}`,
      minCapacity: min,
      maxCapacity: max,
    },
    opts,
  )
  new aws.appautoscaling.Policy(
    name,
    {
      serviceNamespace: target.serviceNamespace,
      scalableDimension: target.scalableDimension,
      resourceId: target.resourceId,
      policyType: 'TargetTrackingScaling',
      targetTrackingScalingPolicyConfiguration: {
        predefinedMetricSpecification: { predefinedMetricType: 'ECSServiceAverageCPUUtilization' },
        targetValue: BUSY_CPU_PERCENT,
        // a task more or less moves partitions, and their state is folded again elsewhere
        scaleOutCooldown: 120,
        scaleInCooldown: 900,
      },
    },
    opts,
  )
}
