import * as pulumi from '@pulumi/pulumi'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kafkaStatements } from '../plan/grants.ts'
import { record, type Registration } from '../test/mocks.ts'
import { FargateWorker, type FargateWorkerArgs } from './fargate-worker.ts'
import type { KafkaAccess, Runtime } from './runtime.ts'

const run = { project: 'order-up', stack: 'dev', config: { 'aws:region': 'eu-west-1' } }
const ACCOUNT = '123456789012'
const CLUSTER = `arn:aws:kafka:eu-west-1:${ACCOUNT}:cluster/orders/0123-4`
const SECRET = `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:AmazonMSK_orders-AbCdEf`
const KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/01234567`
const IMAGE = `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/order-up/sink@sha256:${'0'.repeat(64)}`

type Args = Omit<FargateWorkerArgs, 'runtime'>
const SINK: Args = {
  image: IMAGE,
  cpu: 256,
  memory: 1_024,
  env: { WAREHOUSE: 'snowflake:' },
  kafka: 'sink',
  replacement: 'exclusive',
  stopTimeoutS: 90,
  desired: 1,
}

/** A worker on MSK, unless told otherwise. */
async function register(args: Args, kafka?: KafkaAccess) {
  const { registrations } = await record(run, () => {
    const runtime: Runtime = {
      stack: 'dev',
      region: 'eu-west-1',
      accountId: pulumi.output(ACCOUNT),
      keyArn: KEY,
      protect: false,
      logRetentionDays: 7,
      vpcId: 'vpc-1',
      subnetIds: ['subnet-1', 'subnet-2'],
      workerSecurityGroupId: 'sg-1',
      ecsClusterArn: `arn:aws:ecs:eu-west-1:${ACCOUNT}:cluster/orders`,
      ecsClusterName: 'orders',
      kafka: kafka ?? {
        brokers: pulumi.output('b-1:9098,b-2:9098'),
        security: 'msk-iam',
        clusterArn: pulumi.output(CLUSTER),
      },
      registryUrl: 'http://registry:8080/apis/ccompat/v7',
    }
    new FargateWorker('sink', { ...args, runtime }, {})
  })
  const of = (type: string, name = 'sink') =>
    registrations.find((r) => r.type === type && r.name === name)
  const container = JSON.parse(
    of('aws:ecs/taskDefinition:TaskDefinition')?.inputs['containerDefinitions'] as string,
  ) as [Record<string, unknown>]
  return { registrations, of, container: container[0] }
}

const statementsOf = (policy: Registration | undefined) =>
  (JSON.parse(policy?.inputs['policy'] as string) as { Statement: unknown[] }).Statement

test('the container runs as a user, on a file system that it cannot write to, and knows where all is', async () => {
  const { container } = await register({ ...SINK, writable: ['/var/state'] })

  assert.deepEqual(container, {
    name: 'worker',
    image: IMAGE,
    essential: true,
    user: '1000',
    readonlyRootFilesystem: true,
    mountPoints: [{ sourceVolume: 'var-state', containerPath: '/var/state', readOnly: false }],
    linuxParameters: { capabilities: { drop: ['ALL'] }, initProcessEnabled: true },
    environment: [
      { name: 'AWS_REGION', value: 'eu-west-1' },
      { name: 'HTTP_PORT', value: '9100' },
      { name: 'KAFKA_BROKERS', value: 'b-1:9098,b-2:9098' },
      { name: 'KAFKA_SECURITY', value: 'msk-iam' },
      { name: 'METRICS', value: 'emf' },
      { name: 'SCHEMA_REGISTRY_URL', value: 'http://registry:8080/apis/ccompat/v7' },
      { name: 'STACK', value: 'dev' },
      { name: 'STOP_DEADLINE_MS', value: '85000' },
      { name: 'WAREHOUSE', value: 'snowflake:' },
    ],
    secrets: [],
    healthCheck: {
      command: [
        'CMD',
        'node',
        '-e',
        "fetch('http://127.0.0.1:9100/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))",
      ],
      interval: 15,
      timeout: 10,
      retries: 4,
      startPeriod: 60,
    },
    stopTimeout: 90,
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': 'sink',
        'awslogs-region': 'eu-west-1',
        'awslogs-stream-prefix': 'worker',
      },
    },
  })
})

test('the service is private, never runs two where one must be, and rolls back', async () => {
  const { of } = await register(SINK)

  const { taskDefinition: _, cluster: __, ...service } = of('aws:ecs/service:Service')?.inputs ?? {}
  assert.deepEqual(service, {
    launchType: 'FARGATE',
    desiredCount: 1,
    deploymentMinimumHealthyPercent: 0,
    deploymentMaximumPercent: 100,
    deploymentCircuitBreaker: { enable: true, rollback: true },
    waitForSteadyState: true,
    availabilityZoneRebalancing: 'DISABLED',
    networkConfiguration: {
      subnets: ['subnet-1', 'subnet-2'],
      securityGroups: ['sg-1'],
      assignPublicIp: false,
    },
    enableExecuteCommand: false,
    enableEcsManagedTags: true,
    propagateTags: 'SERVICE',
  })
})

test('its own role has its grants in Kafka and what it was given, and nothing else', async () => {
  const write = {
    Sid: 'Snapshots',
    Effect: 'Allow' as const,
    Action: ['s3:PutObject'],
    Resource: ['arn:aws:s3:::bucket/node-1/*'],
  }
  const { of } = await register({ ...SINK, statements: [write] })

  assert.deepEqual(statementsOf(of('aws:iam/rolePolicy:RolePolicy')), [
    ...kafkaStatements(CLUSTER, 'sink'),
    write,
  ])
  assert.deepEqual(JSON.parse(of('aws:iam/role:Role')?.inputs['assumeRolePolicy'] as string), {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
      },
    ],
  })
})

test('ECS pulls this image, writes this log and reads these secrets for it', async () => {
  const { of, container } = await register(
    { ...SINK, secrets: { SNOWFLAKE_PRIVATE_KEY: `${SECRET}:privateKey::` } },
    { brokers: pulumi.output('kafka:9093'), security: 'scram', secretArn: SECRET },
  )

  assert.deepEqual(container['secrets'], [
    { name: 'KAFKA_PASSWORD', valueFrom: `${SECRET}:password::` },
    { name: 'KAFKA_USERNAME', valueFrom: `${SECRET}:username::` },
    { name: 'SNOWFLAKE_PRIVATE_KEY', valueFrom: `${SECRET}:privateKey::` },
  ])
  assert.deepEqual(statementsOf(of('aws:iam/rolePolicy:RolePolicy', 'sink-start')), [
    {
      Sid: 'Log',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: [`arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:sink:*`],
    },
    {
      Sid: 'Pull',
      Effect: 'Allow',
      Action: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetDownloadUrlForLayer',
      ],
      Resource: [`arn:aws:ecr:eu-west-1:${ACCOUNT}:repository/order-up/sink`],
    },
    { Sid: 'LogIn', Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: ['*'] },
    {
      Sid: 'Secrets',
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue'],
      Resource: [SECRET],
    },
    {
      Sid: 'Decrypt',
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      Resource: [KEY],
      Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' } },
    },
  ])
  // Kafka's grants are IAM's only on MSK
  assert.equal(of('aws:iam/rolePolicy:RolePolicy'), undefined)
})

test('its log is encrypted and kept for as long as the tier says', async () => {
  const { of } = await register(SINK)

  assert.deepEqual(of('aws:cloudwatch/logGroup:LogGroup')?.inputs, {
    kmsKeyId: KEY,
    retentionInDays: 7,
  })
})

test('where tasks come and go by load, a deploy leaves their number alone', async () => {
  const { of } = await register({ ...SINK, replacement: 'rolling', autoscale: { max: 6 } })

  assert.deepEqual(of('aws:ecs/service:Service')?.ignoreChanges, ['desiredCount'])
  assert.deepEqual(of('aws:appautoscaling/target:Target')?.inputs, {
    serviceNamespace: 'ecs',
    scalableDimension: 'ecs:service:DesiredCount',
    resourceId: 'service/orders/sink',
    minCapacity: 1,
    maxCapacity: 6,
  })
})

test('a worker that does not go to Kafka is told nothing of it', async () => {
  const { kafka: _, ...args } = SINK
  const { container } = await register(args)

  const names = (container['environment'] as { name: string }[]).map(({ name }) => name)
  assert.deepEqual(names, [
    'AWS_REGION',
    'HTTP_PORT',
    'METRICS',
    'SCHEMA_REGISTRY_URL',
    'STACK',
    'STOP_DEADLINE_MS',
    'WAREHOUSE',
  ])
})
