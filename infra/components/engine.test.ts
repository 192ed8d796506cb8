import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeploymentId } from '@order-up/control'
import type { Settings } from '../config.ts'
import { kafkaStatements } from '../plan/grants.ts'
import { Engine } from './engine.ts'
import {
  ACCOUNT,
  IMAGES,
  JAR_SHA256,
  KEY,
  MSK,
  otherKafka,
  PASSWORD,
  register,
  REGION,
  REGISTRY,
  runtimeOf,
  settingsOf,
} from './stack.fixture.ts'
import type { Runtime } from './runtime.ts'
import { StateBucket } from './state-bucket.ts'

const BUCKET = 'arn:aws:s3:::order-up-dev-state'

const registerEngine = (
  deployment: DeploymentId,
  settings: Settings = settingsOf(),
  changed: Partial<Runtime> = {},
) =>
  register(() => {
    const runtime = runtimeOf(changed)
    const state = new StateBucket('state', { runtime })
    const engine = new Engine({ runtime, deployment, settings, state })
    return { proof: engine.proof, artifact: engine.artifact, name: engine.physicalName }
  })

interface Container {
  image: string
  environment: { name: string; value: string }[]
  stopTimeout: number
  mountPoints: { containerPath: string }[]
  healthCheck: { command: string[] }
}
const containerOf = (inputs: Readonly<Record<string, unknown>>) =>
  (JSON.parse(inputs['containerDefinitions'] as string) as [Container])[0]

const TASK = 'aws:ecs/taskDefinition:TaskDefinition'
const SERVICE = 'aws:ecs/service:Service'
const APPLICATION = 'aws:kinesisanalyticsv2/application:Application'

test('the Node engine: a service that drains, with snapshots in a folder of its own', async () => {
  const { one, statements, outputs } = await registerEngine('node-1')

  const { image, environment, stopTimeout, mountPoints } = containerOf(one(TASK).inputs)
  assert.equal(image, IMAGES['engine-node'])
  assert.deepEqual(environment, [
    { name: 'AWS_REGION', value: REGION },
    { name: 'DEPLOYMENT', value: 'node-1' },
    { name: 'HTTP_PORT', value: '9100' },
    { name: 'KAFKA_BROKERS', value: 'b-1:9098,b-2:9098' },
    { name: 'KAFKA_SECURITY', value: 'msk-iam' },
    { name: 'METRICS', value: 'emf' },
    { name: 'SCHEMA_REGISTRY_URL', value: REGISTRY },
    { name: 'SNAPSHOT_URL', value: 's3://order-up-dev-state/snapshots/node-1' },
    { name: 'STACK', value: 'dev' },
    { name: 'STATE_DIR', value: '/var/lib/order-up/state' },
    { name: 'STATE_MEMORY_MB', value: '341' },
    { name: 'STOP_DEADLINE_MS', value: '115000' },
    { name: 'WORKERS', value: '1' },
  ])
  assert.equal(stopTimeout, 120)
  assert.deepEqual(
    mountPoints.map(({ containerPath }) => containerPath),
    ['/var/lib/order-up'],
  )
  const { deploymentMinimumHealthyPercent, deploymentMaximumPercent, desiredCount } =
    one(SERVICE).inputs
  assert.deepEqual(
    [deploymentMinimumHealthyPercent, deploymentMaximumPercent, desiredCount],
    [100, 200, 1],
  )
  const { Snapshots, ListSnapshots, Encryption, ...ofKafka } = statements('engine-node-1')
  assert.deepEqual(
    { Snapshots, ListSnapshots, Encryption },
    {
      Snapshots: {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: [`${BUCKET}/snapshots/node-1/*`],
      },
      ListSnapshots: {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [BUCKET],
        Condition: { StringLike: { 's3:prefix': ['snapshots/node-1/*'] } },
      },
      Encryption: {
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: [KEY],
      },
    },
  )
  assert.deepEqual(
    Object.keys(ofKafka),
    kafkaStatements(MSK, 'node-1').map(({ Sid }) => Sid),
  )
  assert.deepEqual(outputs, {
    proof: {
      deployment: 'node-1',
      kind: 'ecs',
      service: 'engine-node-1',
      taskDefinition: `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/engine-node-1:1`,
    },
    artifact: `sha256:${'1'.repeat(64)}`,
    name: 'engine-node-1',
  })
})

test('Kafka Streams keeps its state in topics: nothing in S3 for it', async () => {
  const { one, statements, outputs } = await registerEngine('kafka-streams-2')

  const { image, environment, healthCheck } = containerOf(one(TASK).inputs)
  assert.equal(image, IMAGES['engine-kafka-streams'])
  assert.deepEqual(
    environment.map(({ name }) => name),
    [
      'AWS_REGION',
      'DEPLOYMENT',
      'HTTP_PORT',
      'KAFKA_BROKERS',
      'KAFKA_SECURITY',
      'METRICS',
      'SCHEMA_REGISTRY_URL',
      'STACK',
      'STATE_DIR',
      'STOP_DEADLINE_MS',
    ],
  )
  assert.equal(healthCheck.command[1], 'wget')
  assert.deepEqual(
    Object.keys(statements('engine-kafka-streams-2')),
    kafkaStatements(MSK, 'kafka-streams-2').map(({ Sid }) => Sid),
  )
  assert.equal(outputs['artifact'], `sha256:${'2'.repeat(64)}`)
})

test('it grows with its CPU, up to what the tier allows and never beyond the partitions', async () => {
  const prod = {
    tier: 'prod',
    partitions: 3,
    registry: { kind: 'existing', url: 'https://registry.example.com' },
  }
  const { one } = await registerEngine('node-1', settingsOf(prod))

  const { minCapacity, maxCapacity } = one('aws:appautoscaling/target:Target').inputs
  assert.deepEqual([minCapacity, maxCapacity], [2, 3])
  // else each `up` would undo what the autoscaling did
  assert.deepEqual(one(SERVICE).ignoreChanges, ['desiredCount'])
})

test('one task at most, as in dev: nothing to scale', async () => {
  const { all } = await registerEngine('node-1')

  assert.deepEqual(all('aws:appautoscaling/target:Target'), [])
})

test('Flink: the jar by its hash, checkpoints at our interval, snapshots, no scaling of its own', async () => {
  const { one, outputs } = await registerEngine('flink-1')

  const jar = one('aws:s3/bucketObjectv2:BucketObjectv2')
  assert.equal(jar.retainOnDelete, true)
  const { source, ...object } = jar.inputs
  assert.match(JSON.stringify(source), /order-up-flink\.jar/)
  assert.deepEqual(object, {
    bucket: 'order-up-artifacts',
    key: `flink/${JAR_SHA256}.jar`,
    serverSideEncryption: 'aws:kms',
    kmsKeyId: KEY,
  })
  assert.deepEqual(one(APPLICATION, 'order-up-dev-flink-1').inputs, {
    description: 'Order-Up: engine flink-1',
    runtimeEnvironment: 'FLINK-2_2',
    applicationMode: 'STREAMING',
    serviceExecutionRole: `arn:aws:iam::${ACCOUNT}:role/engine-flink-1`,
    startApplication: true,
    forceStop: false,
    cloudwatchLoggingOptions: {
      logStreamArn: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:group:log-stream:engine-flink-1`,
    },
    applicationConfiguration: {
      applicationCodeConfiguration: {
        codeContentType: 'ZIPFILE',
        codeContent: {
          s3ContentLocation: {
            bucketArn: 'arn:aws:s3:::order-up-artifacts',
            fileKey: `flink/${JAR_SHA256}.jar`,
          },
        },
      },
      applicationEncryptionConfiguration: { keyType: 'CUSTOMER_MANAGED_KEY', keyId: KEY },
      applicationSnapshotConfiguration: { snapshotsEnabled: true },
      environmentProperties: {
        propertyGroups: [
          {
            propertyGroupId: 'order-up',
            propertyMap: {
              DEPLOYMENT: 'flink-1',
              AWS_REGION: REGION,
              KAFKA_BROKERS: 'b-1:9098,b-2:9098',
              KAFKA_SECURITY: 'msk-iam',
              SCHEMA_REGISTRY_URL: REGISTRY,
              TRANSACTION_TIMEOUT_MS: '900000',
            },
          },
        ],
      },
      flinkApplicationConfiguration: {
        checkpointConfiguration: {
          configurationType: 'CUSTOM',
          checkpointingEnabled: true,
          checkpointInterval: 1_000,
          minPauseBetweenCheckpoints: 0,
        },
        monitoringConfiguration: {
          configurationType: 'CUSTOM',
          logLevel: 'INFO',
          metricsLevel: 'TASK',
        },
        parallelismConfiguration: {
          configurationType: 'CUSTOM',
          parallelism: 1,
          parallelismPerKpu: 1,
          autoScalingEnabled: false,
        },
      },
      vpcConfiguration: {
        subnetIds: ['subnet-1', 'subnet-2'],
        securityGroupIds: ['sg-1'],
      },
    },
  })
  assert.deepEqual(outputs, {
    proof: {
      deployment: 'flink-1',
      kind: 'flink',
      application: 'order-up-dev-flink-1',
      versionId: 1,
    },
    artifact: `sha256:${JAR_SHA256}`,
    name: 'order-up-dev-flink-1',
  })
})

test('Flink may read its jar, write its log, and do what its deployment is granted in Kafka', async () => {
  const { statements, one } = await registerEngine('flink-2')

  const { Jar, Decrypt, Log, FindLog, NetworkInterfaces, FindNetwork, ...ofKafka } =
    statements('engine-flink-2')
  const here = `${REGION}:${ACCOUNT}`
  assert.deepEqual(
    { Jar, Decrypt, Log, FindLog, NetworkInterfaces, FindNetwork },
    {
      Jar: {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:GetObjectVersion'],
        Resource: ['arn:aws:s3:::order-up-artifacts/flink/*'],
      },
      Decrypt: { Effect: 'Allow', Action: ['kms:Decrypt'], Resource: [KEY] },
      Log: {
        Effect: 'Allow',
        Action: ['logs:DescribeLogStreams', 'logs:PutLogEvents'],
        Resource: [`arn:aws:logs:${here}:log-group:engine-flink-2:*`],
      },
      FindLog: {
        Effect: 'Allow',
        Action: ['logs:DescribeLogGroups'],
        Resource: [`arn:aws:logs:${here}:log-group:*`],
      },
      NetworkInterfaces: {
        Effect: 'Allow',
        Action: [
          'ec2:CreateNetworkInterface',
          'ec2:CreateNetworkInterfacePermission',
          'ec2:DeleteNetworkInterface',
        ],
        Resource: ['network-interface', 'subnet', 'security-group'].map(
          (kind) => `arn:aws:ec2:${here}:${kind}/*`,
        ),
      },
      FindNetwork: {
        Effect: 'Allow',
        Action: [
          'ec2:DescribeDhcpOptions',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeVpcs',
        ],
        Resource: ['*'],
      },
    },
  )
  assert.deepEqual(
    Object.keys(ofKafka),
    kafkaStatements(MSK, 'flink-2').map(({ Sid }) => Sid),
  )
  assert.ok(
    one(APPLICATION).dependencies.includes(one('aws:iam/rolePolicy:RolePolicy').urn),
    'the application is started before it has its rights',
  )
})

test("Flink on a Kafka with a password: the job is told the secret's ARN", async () => {
  const { one, statements } = await registerEngine('flink-1', settingsOf(), {
    kafka: otherKafka('scram'),
  })

  assert.match(
    JSON.stringify(one(APPLICATION).inputs),
    new RegExp(`"KAFKA_SECRET_ARN":"${PASSWORD}"`),
  )
  assert.deepEqual(statements('engine-flink-1')['KafkaPassword'], {
    Effect: 'Allow',
    Action: ['secretsmanager:GetSecretValue'],
    Resource: [PASSWORD],
  })
})

test("a role is nobody's input: the owner, a shadow and the half of a split are the same engine", async () => {
  const roles = {
    owner: { engine: 'flink' },
    shadow: { engine: 'node', shadow: 'flink' },
    share: { engine: 'node', split: { flink: 10 } },
    retired: { engine: 'kafka-streams', shadow: 'flink' },
  }
  for (const deployment of ['flink-1', 'node-1'] as const) {
    const seen = new Set<string>()
    for (const role of Object.values(roles)) {
      const { registrations } = await registerEngine(deployment, settingsOf(role))
      seen.add(JSON.stringify(registrations))
    }
    assert.equal(seen.size, 1, deployment)
  }
})

test('what is missing is named with the command that makes it', async () => {
  await assert.rejects(
    registerEngine('kafka-streams-1', settingsOf({ images: {} })),
    /order-up:images\.engine-kafka-streams is not set.*\n.*npm run release -- dev/,
  )
})
