import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ControlFunction } from './control-function.ts'
import { KeySecrets } from './key-secrets.ts'
import type { Runtime } from './runtime.ts'
import { Sink } from './sink.ts'
import {
  ACCOUNT,
  IMAGES,
  MSK,
  otherKafka,
  PASSWORD,
  register,
  REGION,
  runtimeOf,
  settingsOf,
} from './stack.fixture.ts'
import { StateBucket } from './state-bucket.ts'
import { Warehouse } from './warehouse.ts'

const registerSink = (
  changed: Readonly<Record<string, unknown>> = {},
  place: Partial<Runtime> = {},
) =>
  register(() => {
    const runtime = runtimeOf(place)
    const settings = settingsOf(changed)
    const state = new StateBucket('state', { runtime })
    const keys = new KeySecrets('service-key', {
      runtime,
      generation: settings.warehouse.keyGeneration,
    })
    const control = new ControlFunction('control', { runtime, state, keys })
    const warehouse = new Warehouse('warehouse', { settings, keys, control })
    new Sink('sink', { runtime, settings, warehouse })
  })

const keySecret = (slot: number) =>
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:service-key-${slot}-AbCdEf`

const SNOWFLAKE = {
  WAREHOUSE: 'snowflake:',
  SNOWFLAKE_ACCOUNT: 'MYORG-MYACCOUNT',
  SNOWFLAKE_DATABASE: 'ORDER_UP',
  SNOWFLAKE_ROLE: 'ORDER_UP_SINK',
  SNOWFLAKE_SCHEMA: 'ORDERS',
  SNOWFLAKE_USER: 'ORDER_UP_SINK',
  SNOWFLAKE_WAREHOUSE: 'ORDER_UP_SINK',
}

const MAPPING = 'aws:lambda/eventSourceMapping:EventSourceMapping'

interface Container {
  image: string
  environment: { name: string; value: string }[]
  secrets: { name: string; valueFrom: string }[]
}

test('on ECS: one task, the old one gone before the new one comes', async () => {
  const { one, all } = await registerSink()

  const service = one('aws:ecs/service:Service').inputs
  assert.deepEqual(
    {
      desired: service['desiredCount'],
      min: service['deploymentMinimumHealthyPercent'],
      max: service['deploymentMaximumPercent'],
    },
    { desired: 1, min: 0, max: 100 },
  )
  assert.deepEqual(all('aws:appautoscaling/target:Target'), [])
  assert.deepEqual(all(MAPPING), [])
})

test('on ECS: it logs in to Snowflake as the service user, with the key of the active slot', async () => {
  for (const [keyGeneration, slot] of [
    [1, 1],
    [2, 2],
    [3, 1],
  ] as const) {
    const { one } = await registerSink({ warehouse: { account: 'MYORG-MYACCOUNT', keyGeneration } })

    const { containerDefinitions } = one('aws:ecs/taskDefinition:TaskDefinition').inputs
    const [container] = JSON.parse(containerDefinitions as string) as [Container]
    assert.equal(container.image, IMAGES.sink)
    const env = Object.fromEntries(container.environment.map(({ name, value }) => [name, value]))
    assert.deepEqual({ ...env, ...SNOWFLAKE }, env)
    assert.deepEqual(container.secrets, [
      { name: 'SNOWFLAKE_PRIVATE_KEY', valueFrom: `${keySecret(slot)}:privateKey::` },
    ])
  }
})

test('as a Lambda: one execution, one poller, retries for ever, answers by partition, nowhere to put failures', async () => {
  const { one, all } = await registerSink({ sink: 'lambda' })

  const lambda = one('aws:lambda/function:Function', 'sink').inputs
  assert.deepEqual([lambda['reservedConcurrentExecutions'], lambda['timeout']], [1, 840])
  assert.deepEqual(one(MAPPING).inputs, {
    functionName: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:sink`,
    eventSourceArn: MSK,
    amazonManagedKafkaEventSourceConfig: { consumerGroupId: 'order-up.sink' },
    topics: ['orders.orders.curated'],
    startingPosition: 'TRIM_HORIZON',
    batchSize: 10_000,
    maximumBatchingWindowInSeconds: 1,
    provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 1 },
    functionResponseTypes: ['ReportBatchItemFailures'],
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
  })
  assert.deepEqual(all('aws:ecs/service:Service'), [])
})

test('as a Lambda: it is told where its key lies, and reads that secret only', async () => {
  const { one, statements } = await registerSink({
    sink: 'lambda',
    warehouse: { account: 'MYORG-MYACCOUNT', keyGeneration: 2 },
  })

  const { variables } = one('aws:lambda/function:Function', 'sink').inputs['environment'] as {
    variables: Record<string, string>
  }
  assert.deepEqual(
    { ...variables, ...SNOWFLAKE, SNOWFLAKE_PRIVATE_KEY_SECRET_ARN: keySecret(2) },
    variables,
  )
  const { ServiceKey, FindNetwork, FindCluster, FindBrokers, ReadSettings, Join } =
    statements('sink')
  assert.deepEqual(
    { ServiceKey, FindNetwork, FindCluster, FindBrokers, ReadSettings },
    {
      ServiceKey: {
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue'],
        Resource: [keySecret(2)],
      },
      FindNetwork: {
        Effect: 'Allow',
        Action: ['ec2:DescribeVpcs', 'ec2:DescribeSecurityGroups'],
        Resource: ['*'],
      },
      FindCluster: {
        Effect: 'Allow',
        Action: ['kafka:DescribeClusterV2'],
        Resource: [MSK],
      },
      FindBrokers: {
        Effect: 'Allow',
        Action: ['kafka:GetBootstrapBrokers'],
        Resource: ['*'],
      },
      ReadSettings: {
        Effect: 'Allow',
        Action: ['kafka-cluster:DescribeClusterDynamicConfiguration'],
        Resource: [MSK],
      },
    },
  )
  assert.deepEqual(Join?.['Resource'], [`${MSK.replace(':cluster/', ':group/')}/order-up.sink`])
})

test('as a Lambda on another Kafka: by its brokers, with its password, from our subnets', async () => {
  const { one } = await registerSink({ sink: 'lambda' }, { kafka: otherKafka('scram') })

  const { selfManagedEventSource, selfManagedKafkaEventSourceConfig, ...rest } = one(MAPPING).inputs
  assert.deepEqual(
    { selfManagedEventSource, selfManagedKafkaEventSourceConfig },
    {
      selfManagedEventSource: {
        endpoints: { KAFKA_BOOTSTRAP_SERVERS: 'kafka-1:9093,kafka-2:9093' },
      },
      selfManagedKafkaEventSourceConfig: { consumerGroupId: 'order-up.sink' },
    },
  )
  assert.deepEqual(rest['sourceAccessConfigurations'], [
    { type: 'SASL_SCRAM_512_AUTH', uri: PASSWORD },
    { type: 'VPC_SUBNET', uri: 'subnet:subnet-1' },
    { type: 'VPC_SUBNET', uri: 'subnet:subnet-2' },
    { type: 'VPC_SECURITY_GROUP', uri: 'security_group:sg-1' },
  ])
  assert.equal(rest['eventSourceArn'], undefined)
})

test('it starts when the warehouse is ready: table, grants, and the user with its key and role', async () => {
  for (const sink of ['ecs', 'lambda']) {
    const { one, registrations } = await registerSink({ sink })

    const starts =
      sink === 'ecs'
        ? one('aws:ecs/taskDefinition:TaskDefinition')
        : one('aws:lambda/function:Function', 'sink')
    const needed = closure(starts.urn, registrations)
    for (const [type, name] of [
      ['snowflake:index/execute:Execute', 'warehouse-orders'],
      ['snowflake:index/serviceUser:ServiceUser', 'warehouse-sink'],
      ['snowflake:index/grantAccountRole:GrantAccountRole', 'warehouse-sink'],
      [
        'snowflake:index/grantPrivilegesToAccountRole:GrantPrivilegesToAccountRole',
        'warehouse-write-orders',
      ],
    ] as const)
      assert.ok(needed.has(one(type, name).urn), `${sink} does not wait for ${name}`)
  }
})

/** Everything that a resource waits for. */
function closure(
  urn: string,
  registrations: readonly { urn: string; dependencies: readonly string[] }[],
): Set<string> {
  const seen = new Set<string>()
  const visit = (at: string) => {
    if (seen.has(at)) return
    seen.add(at)
    for (const next of registrations.find((r) => r.urn === at)?.dependencies ?? []) visit(next)
  }
  visit(urn)
  return seen
}
