import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import type { Registration } from './mocks.ts'
import { emptyArtifacts, registerProgram, RELEASED } from './program.ts'

/** How the program is wired: what each part is given by the others. Single components have tests of their own. */

// Pulumi takes a stack trace of every promise: two thirds of the time of a registration
Error.stackTraceLimit = 0

const { keyArn } = RELEASED.bootstrap
const CLUSTER =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/kafka/01234567-89ab-4def-8123-456789abcdef-1'
const BROKERS =
  'b-1.kafka.abc123.c2.kafka.eu-west-1.amazonaws.com:9098,b-2.kafka.abc123.c2.kafka.eu-west-1.amazonaws.com:9098'
const REGISTRY = 'https://registry.orders.example.com/apis/ccompat/v7'

const byName = (registrations: readonly Registration[], type: string, name: string) => {
  const found = registrations.find((r) => r.type === type && r.name === name)
  assert.ok(found, `${type} ${name} is registered`)
  return found
}
/** An input, by its path. */
const input = ({ inputs }: Registration, ...path: (string | number)[]) =>
  path.reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], inputs)

test('the topics of prod: every one of the contract, those of engines that do not run too', async () => {
  const { registrations } = await registerProgram({ stack: 'prod' })
  const topics = registrations.filter(({ type }) => type === 'aws:msk/topic:Topic')
  const shadows = ['node', 'flink', 'kafka-streams'].flatMap((engine) =>
    [1, 2].flatMap((generation) => [
      `orders.orders.shadow.${engine}-${generation}`,
      `orders.events.dlq.shadow.${engine}-${generation}`,
    ]),
  )
  const changelogs = [1, 2].map((n) => `order-up.engine.kafka-streams-${n}-orders-changelog`)
  const withOrders = [
    'orders.events.raw',
    'orders.orders.curated',
    'orders.events.dlq',
    ...shadows,
    ...changelogs,
  ]
  const ofEngines = ['orders.engine.shares', 'orders.engine.reports']
  const spec = (partitionCount: number) => (name: string) => ({
    name,
    partitionCount,
    replicationFactor: 3,
    clusterArn: CLUSTER,
    protect: true,
    retainOnDelete: true,
  })

  const found = topics.map(({ inputs, protect, retainOnDelete }) => {
    const { configs: _, ...rest } = inputs
    return [rest['name'], { ...rest, protect, retainOnDelete }]
  })
  const wanted = [...withOrders.map(spec(24)), ...ofEngines.map(spec(1))]
  assert.deepEqual(
    Object.fromEntries(found),
    Object.fromEntries(wanted.map((topic) => [topic.name, topic])),
  )
  assert.deepEqual(
    JSON.parse(
      String(input(byName(topics, 'aws:msk/topic:Topic', 'orders.events.raw'), 'configs')),
    ),
    {
      'cleanup.policy': 'delete',
      'local.retention.ms': '259200000',
      'max.message.bytes': '1048576',
      'message.timestamp.type': 'LogAppendTime',
      'min.insync.replicas': '2',
      'remote.storage.enable': 'true',
      'retention.bytes': '-1',
      'retention.ms': '-1',
    },
  )
})

test('the cluster of prod', async () => {
  const { registrations } = await registerProgram({ stack: 'prod' })
  const { inputs, protect } = byName(registrations, 'aws:msk/cluster:Cluster', 'kafka')
  const { brokerNodeGroupInfo, ...rest } = inputs

  assert.equal(protect, true)
  assert.deepEqual(rest, {
    kafkaVersion: '4.1.x.kraft',
    numberOfBrokerNodes: 3,
    storageMode: 'TIERED',
    enhancedMonitoring: 'DEFAULT',
    clientAuthentication: { sasl: { iam: true, scram: false }, unauthenticated: false },
    configurationInfo: {
      arn: 'arn:aws:kafka:eu-west-1:123456789012:configuration/kafka/01234567-89ab-4def-8123-456789abcdef-1',
      revision: 1,
    },
    encryptionInfo: {
      encryptionAtRestKmsKeyArn: keyArn,
      encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
    },
    loggingInfo: { brokerLogs: { cloudwatchLogs: { enabled: true, logGroup: 'kafka-brokers' } } },
  })
  const { clientSubnets, securityGroups, ...brokers } = brokerNodeGroupInfo as Record<
    string,
    unknown[]
  >
  assert.deepEqual([clientSubnets?.length, securityGroups?.length], [3, 1])
  assert.deepEqual(brokers, {
    instanceType: 'kafka.m7g.large',
    connectivityInfo: { publicAccess: { type: 'DISABLED' } },
    storageInfo: { ebsStorageInfo: { volumeSize: 250 } },
  })
})

test('an engine on ECS, one on Flink, and the shares that wait for both', async () => {
  const { registrations } = await registerProgram({ stack: 'prod', config: { shadow: 'flink' } })
  const task = byName(registrations, 'aws:ecs/taskDefinition:TaskDefinition', 'engine-node-1')
  const [container] = JSON.parse(String(input(task, 'containerDefinitions'))) as [
    { image: string; environment: { name: string; value: string }[]; secrets: unknown[] },
  ]
  const service = byName(registrations, 'aws:ecs/service:Service', 'engine-node-1')
  const flink = registrations.find(
    ({ type }) => type === 'aws:kinesisanalyticsv2/application:Application',
  )!
  const shares = registrations.find(
    ({ type }) => type.endsWith(':Shares') && type.includes('dynamic'),
  )!
  const { __provider: _, ...wanted } = shares.inputs

  assert.equal(container.image, RELEASED.images['engine-node'])
  assert.deepEqual(Object.fromEntries(container.environment.map((v) => [v.name, v.value])), {
    AWS_REGION: 'eu-west-1',
    DEPLOYMENT: 'node-1',
    HTTP_PORT: '9100',
    KAFKA_BROKERS: BROKERS,
    KAFKA_SECURITY: 'msk-iam',
    METRICS: 'emf',
    SCHEMA_REGISTRY_URL: REGISTRY,
    SNAPSHOT_URL: 's3://order-up-prod-state/snapshots/node-1',
    STACK: 'prod',
    STATE_DIR: '/var/lib/order-up/state',
    STATE_MEMORY_MB: '682',
    STOP_DEADLINE_MS: '115000',
    WORKERS: '2',
  })
  assert.deepEqual(
    [service.inputs['desiredCount'], input(service, 'networkConfiguration', 'assignPublicIp')],
    [2, false],
  )
  assert.deepEqual(
    input(flink, 'applicationConfiguration', 'environmentProperties', 'propertyGroups', 0),
    {
      propertyGroupId: 'order-up',
      propertyMap: {
        AWS_REGION: 'eu-west-1',
        DEPLOYMENT: 'flink-1',
        KAFKA_BROKERS: BROKERS,
        KAFKA_SECURITY: 'msk-iam',
        SCHEMA_REGISTRY_URL: REGISTRY,
        TRANSACTION_TIMEOUT_MS: '900000',
      },
    },
  )
  const jar = 'fe4d6569dbf943f239f6fa70a10a14ebce587bced878c6d487277097c5c42b8e'
  assert.deepEqual(wanted, {
    functionName: 'control',
    region: 'eu-west-1',
    target: { 'node-1': [[0, 99]] },
    running: ['node-1', 'flink-1'],
    proofs: [
      {
        deployment: 'node-1',
        kind: 'ecs',
        service: 'engine-node-1',
        taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/engine-node-1:1',
      },
      {
        deployment: 'flink-1',
        kind: 'flink',
        application: 'order-up-prod-flink-1',
        versionId: 1,
      },
    ],
    sides: [
      { deployment: 'node-1', artifact: `sha256:${'1'.repeat(64)}` },
      { deployment: 'flink-1', artifact: `sha256:${jar}` },
    ],
    force: '',
    dead: [],
    lagBound: 25_000,
    timeoutS: 3_600,
  })
  const before = new Set(shares.dependencies)
  assert.ok([service.urn, flink.urn].every((urn) => before.has(urn)))
})

test('the sink as a function: tries for ever, and has nowhere else to put a row', async () => {
  const { registrations } = await registerProgram({ stack: 'prod', config: { sink: 'lambda' } })
  const { inputs } = byName(
    registrations,
    'aws:lambda/eventSourceMapping:EventSourceMapping',
    'sink',
  )

  assert.deepEqual(inputs, {
    eventSourceArn: CLUSTER,
    functionName: 'arn:aws:lambda:eu-west-1:123456789012:function:sink',
    topics: ['orders.orders.curated'],
    amazonManagedKafkaEventSourceConfig: { consumerGroupId: 'order-up.sink' },
    startingPosition: 'TRIM_HORIZON',
    batchSize: 10_000,
    maximumBatchingWindowInSeconds: 1,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
    functionResponseTypes: ['ReportBatchItemFailures'],
    provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 1 },
  })
  assert.ok(!registrations.some((r) => r.type === 'aws:ecs/service:Service' && r.name === 'sink'))
})

test('lag that nobody knows is an alarm', async () => {
  const { registrations } = await registerProgram({ stack: 'dev' })
  const { inputs } = byName(
    registrations,
    'aws:cloudwatch/metricAlarm:MetricAlarm',
    'alarms-node-1-lag',
  )
  const { alarmDescription: _, ...alarm } = inputs

  assert.deepEqual(alarm, {
    namespace: 'OrderUp',
    metricName: 'LagSeconds',
    dimensions: { Stack: 'dev', Worker: 'node-1' },
    statistic: 'Maximum',
    period: 60,
    evaluationPeriods: 5,
    datapointsToAlarm: 5,
    comparisonOperator: 'GreaterThanThreshold',
    threshold: 120,
    treatMissingData: 'breaching',
    alarmActions: ['arn:aws:sns:eu-west-1:123456789012:alarms'],
    okActions: ['arn:aws:sns:eu-west-1:123456789012:alarms'],
  })
})

test('a preview of a new stack plans what an update makes', async () => {
  const names = ({ registrations }: { registrations: readonly Registration[] }) =>
    registrations.map(({ type, name }) => `${type} ${name}`).toSorted()
  const choice = { stack: 'prod', config: { engine: 'flink', shadow: 'node' } } as const

  assert.deepEqual(
    names(await registerProgram({ ...choice, preview: true })),
    names(await registerProgram(choice)),
  )
})

test('no output and no input is a secret', async () => {
  const { registrations, outputs } = await registerProgram({
    stack: 'prod',
    config: { shadow: 'kafka-streams' },
  })
  const text = JSON.stringify([outputs, registrations.map(({ inputs }) => inputs)])
  assert.doesNotMatch(text, /BEGIN [A-Z ]*PRIVATE KEY|"password":/i)
})

const refused = (config: Readonly<Record<string, unknown>>) =>
  registerProgram({ stack: 'dev', config }).then(
    () => assert.fail('it was registered'),
    (error: Error) => error.message,
  )

/** A dist folder of which a part is not built. */
function without(context: TestContext, file: string): void {
  const { ORDER_UP_DIST: whole } = process.env
  const dist =
    file === 'everything' ? mkdtempSync(join(tmpdir(), 'order-up-dist-')) : emptyArtifacts()
  if (file !== 'everything') rmSync(join(dist, file))
  process.env['ORDER_UP_DIST'] = dist
  context.after(() => {
    if (whole === undefined) delete process.env['ORDER_UP_DIST']
    else process.env['ORDER_UP_DIST'] = whole
    rmSync(dist, { recursive: true, force: true })
  })
}

test('what is not built is refused, with the command that builds it', async (context) => {
  without(context, 'everything')
  assert.match(await refused({}), /Lambda's bundle is missing: .*\n {2}Next: npm run build$/)
})

test("a stack that names Flink is refused without Flink's jar, and no other is", async (context) => {
  without(context, 'flink/order-up-flink.jar')

  await registerProgram({ stack: 'dev' })
  for (const config of [{ engine: 'flink' }, { shadow: 'flink-2' }, { split: { flink: 5 } }])
    assert.match(
      await refused(config),
      /^The Flink engine's jar is missing: .*\n {2}Next: npm run build, with Maven and a JDK 17 /,
    )
})

for (const [image, config] of [
  ['engine-node', {}],
  ['engine-kafka-streams', { engine: 'kafka-streams' }],
  ['sink', {}],
  ['parity', { shadow: 'flink' }],
] as const)
  test(`a stack that runs the image ${image} is refused without it`, async () => {
    const { [image]: _, ...images } = RELEASED.images
    assert.match(
      await refused({ ...config, images }),
      new RegExp(
        `^order-up:images\\.${image} is not set in Pulumi\\.dev\\.yaml, .*\n  Next: npm run build && npm run release -- dev(, with Maven and .*)?$`,
      ),
    )
  })

test('no image is asked for that the stack does not run', async () => {
  const { 'engine-node': node, sink } = RELEASED.images
  await registerProgram({ stack: 'dev', config: { images: { 'engine-node': node, sink } } })
  await registerProgram({
    stack: 'dev',
    config: { images: { 'engine-node': node }, sink: 'lambda' },
  })
})

test('without the bootstrap stage the program names it', async () => {
  assert.match(
    await refused({ bootstrap: undefined }),
    /order-up:bootstrap is not set: the bootstrap stage comes first: `pulumi up --cwd infra\/bootstrap`/,
  )
})
