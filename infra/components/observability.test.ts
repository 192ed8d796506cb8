import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { AlarmTopic } from './alarm-topic.ts'
import { EngineAlarms } from './engine-alarms.ts'
import { Engine } from './engine.ts'
import { Observability, type ObservabilityArgs } from './observability.ts'
import { Parity } from './parity.ts'
import {
  ACCOUNT,
  KEY,
  register,
  REGION,
  runtimeOf,
  settingsOf,
  type Registered,
} from './stack.fixture.ts'
import { StateBucket } from './state-bucket.ts'

const ALARM = 'aws:cloudwatch/metricAlarm:MetricAlarm'
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:alarms`

const ARGS: ObservabilityArgs = {
  runtime: runtimeOf(),
  alarmTopicArn: TOPIC,
  controlFunctionName: 'control-f',
  producer: { functionName: 'producer-f', apiId: 'api1' },
  sink: { kind: 'ecs', physicalName: 'sink-s' },
  kafka: { clusterName: 'orders', brokers: 3 },
  registry: { serviceName: 'registry-s', databaseId: 'registry-db' },
}

const observe = (changed: Partial<ObservabilityArgs> = {}) =>
  register(() => void new Observability('observability', { ...ARGS, ...changed }))

const engine = (deployment: 'node-1' | 'kafka-streams-2' | 'flink-1') =>
  register(
    () =>
      void new EngineAlarms(`engine-alarms-${deployment}`, {
        runtime: ARGS.runtime,
        deployment,
        physicalName: 'engine-1',
        alarmTopicArn: TOPIC,
      }),
  )

const parity = () =>
  register(() => {
    const runtime = runtimeOf()
    const settings = settingsOf()
    const state = new StateBucket('state', { runtime })
    const engine = (deployment: 'node-1' | 'node-2') =>
      new Engine({ runtime, deployment, settings, state })
    const engines = [engine('node-1'), engine('node-2')] as const
    new Parity('parity', { runtime, settings, state, engines, alarmTopicArn: TOPIC })
  })

const alarmsOf = ({ all }: Registered) => all(ALARM).map(({ name, inputs }) => ({ name, inputs }))
const namesOf = (registered: Registered) => alarmsOf(registered).map(({ name }) => name)

/** Of every kind, each at least once. */
const everyAlarm = async () =>
  (
    await [
      () => observe(),
      () => observe({ sink: { kind: 'lambda', physicalName: 'sink-f' } }),
      () => engine('node-1'),
      () => engine('flink-1'),
      () => engine('kafka-streams-2'),
      () => parity(),
    ].reduce<Promise<ReturnType<typeof alarmsOf>>>(
      async (before, next) => [...(await before), ...alarmsOf(await next())],
      Promise.resolve([]),
    )
  ).map(({ inputs }) => inputs)

test('the topic is encrypted, CloudWatch of this account may publish, and an address is asked', async () => {
  const { one, all } = await register(
    () => void new AlarmTopic('alarms', { runtime: runtimeOf(), email: 'ops@example.com' }),
  )

  assert.deepEqual(one('aws:sns/topic:Topic').inputs, {
    displayName: 'Order-Up dev',
    kmsMasterKeyId: KEY,
  })
  const policy = one('aws:sns/topicPolicy:TopicPolicy').inputs['policy'] as string
  const { Statement } = JSON.parse(policy) as { Statement: Record<string, unknown>[] }
  assert.equal(Statement.length, 1)
  const { Resource, ...statement } = Statement[0]!
  assert.ok(Resource)
  assert.deepEqual(statement, {
    Sid: 'Alarms',
    Effect: 'Allow',
    Principal: { Service: 'cloudwatch.amazonaws.com' },
    Action: 'sns:Publish',
    Condition: {
      StringEquals: { 'aws:SourceAccount': ACCOUNT },
      ArnLike: { 'aws:SourceArn': `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:*` },
    },
  })
  assert.equal(all('aws:sns/topicSubscription:TopicSubscription').length, 1)

  const quiet = await register(
    () => void new AlarmTopic('alarms', { runtime: runtimeOf(), email: '' }),
  )
  assert.deepEqual(quiet.all('aws:sns/topicSubscription:TopicSubscription'), [])
})

test('every alarm tells the topic when it begins and ends, and says what silence means', async () => {
  for (const inputs of await everyAlarm()) {
    assert.deepEqual(inputs['alarmActions'], [TOPIC])
    assert.deepEqual(inputs['okActions'], [TOPIC])
    assert.match(inputs['treatMissingData'] as string, /^(breaching|notBreaching)$/)
    assert.ok((inputs['datapointsToAlarm'] as number) <= (inputs['evaluationPeriods'] as number))
  }
})

test('every alarm has its section in the runbook, and every section its alarm', async () => {
  const runbook = await readFile(new URL('../RUNBOOK.md', import.meta.url), 'utf8')
  const [ofAlarms = ''] = runbook.split(/^# When a swap/m)
  const sections = [...ofAlarms.matchAll(/^## (.+)$/gm)].map(([, title]) => title!)

  const titles = (await everyAlarm()).map(({ alarmDescription }) => {
    const [, title, again] =
      /^(.+?)\. .+ More: infra\/RUNBOOK\.md, "(.+)"\.$/.exec(alarmDescription as string) ?? []
    assert.equal(title, again)
    return title!
  })

  assert.deepEqual(sections.toSorted(), [...new Set(titles)].toSorted())
})

test('what should speak each minute is an alarm when it is silent', async () => {
  const all = [...alarmsOf(await observe()), ...alarmsOf(await engine('node-1'))]
  const breaching = all.filter(({ inputs }) => inputs['treatMissingData'] === 'breaching')

  assert.deepEqual(breaching.map(({ name }) => name).toSorted(), [
    'engine-alarms-node-1-down',
    'engine-alarms-node-1-lag',
    'observability-held-back',
    'observability-kafka-controller',
    'observability-registry',
    'observability-registry-disk',
    'observability-sink-down',
    'observability-sink-lag',
  ])
})

test('exactly: the lag of an engine and its latency, the dead letters of all, the replicas of each broker', async () => {
  const node = await engine('node-1')
  const { alarmDescription: _, ...lag } = node.one(ALARM, 'engine-alarms-node-1-lag').inputs
  assert.deepEqual(lag, {
    namespace: 'OrderUp',
    metricName: 'LagSeconds',
    dimensions: { Stack: 'dev', Worker: 'node-1' },
    statistic: 'Maximum',
    period: 60,
    comparisonOperator: 'GreaterThanThreshold',
    threshold: 120,
    evaluationPeriods: 5,
    datapointsToAlarm: 5,
    treatMissingData: 'breaching',
    alarmActions: [TOPIC],
    okActions: [TOPIC],
  })
  const latency = node.one(ALARM, 'engine-alarms-node-1-latency').inputs
  assert.equal(latency['extendedStatistic'], 'p99')
  assert.equal(latency['statistic'], undefined)

  const { one } = await observe()
  const deadLetters = one(ALARM, 'observability-dead-letters').inputs
  assert.deepEqual(
    [deadLetters['metricName'], deadLetters['dimensions'], deadLetters['threshold']],
    ['RecentDeadLetters', { Stack: 'dev' }, 0],
  )
  const broker = (id: number) => ({
    id: `b${id}`,
    metric: {
      namespace: 'AWS/Kafka',
      metricName: 'UnderReplicatedPartitions',
      dimensions: { 'Cluster Name': 'orders', 'Broker ID': String(id) },
      period: 300,
      stat: 'Maximum',
    },
  })
  assert.deepEqual(one(ALARM, 'observability-kafka-replicas').inputs['metricQueries'], [
    { id: 'value', expression: 'MAX([b1, b2, b3])', returnData: true },
    broker(1),
    broker(2),
    broker(3),
  ])
})

test('Kafka and registry of others are not watched; a sink that is a function is watched as one', async () => {
  const { kafka: _, registry: __, ...rest } = ARGS
  const registered = await register(
    () =>
      void new Observability('observability', {
        ...rest,
        sink: { kind: 'lambda', physicalName: 'sink-f' },
      }),
  )

  assert.deepEqual(namesOf(registered).toSorted(), [
    'observability-control',
    'observability-dead-letters',
    'observability-held-back',
    'observability-ingest',
    'observability-latency',
    'observability-producer',
    'observability-sink-errors',
    'observability-sink-lag',
    'observability-throttles',
  ])
})

test('an engine on Flink is watched by what AWS measures of it', async () => {
  const registered = await engine('flink-1')

  assert.deepEqual(namesOf(registered).toSorted(), [
    'engine-alarms-flink-1-checkpoints',
    'engine-alarms-flink-1-down',
    'engine-alarms-flink-1-lag',
    'engine-alarms-flink-1-latency',
    'engine-alarms-flink-1-restarts',
  ])
  const { dimensions } = registered.one(ALARM, 'engine-alarms-flink-1-down').inputs
  assert.deepEqual(dimensions, { Application: 'engine-1' })
})

test('an engine on Kafka Streams writes no figures: ECS and the probe say whether it runs and keeps up', async () => {
  const registered = await engine('kafka-streams-2')

  assert.deepEqual(namesOf(registered).toSorted(), [
    'engine-alarms-kafka-streams-2-down',
    'engine-alarms-kafka-streams-2-lag',
  ])
  const down = registered.one(ALARM, 'engine-alarms-kafka-streams-2-down').inputs
  assert.deepEqual(
    [down['namespace'], down['metricName'], down['dimensions'], down['treatMissingData']],
    ['AWS/ECS', 'CPUUtilization', { ClusterName: 'orders', ServiceName: 'engine-1' }, 'breaching'],
  )
})

test('what alarms and dashboard ask for is what somebody writes', async () => {
  const text = (path: string) =>
    readFile(new URL(`../../functions/${path}`, import.meta.url), 'utf8')
  const written = new Set(['Up'])
  for (const worker of ['engine-node', 'sink', 'producer', 'parity'])
    for (const [, name] of (await text(`${worker}/src/metrics.ts`)).matchAll(/\bas: '(\w+)'/g))
      written.add(name!)
  const probe = await text('control/src/operations/probe.ts')
  for (const [, name] of probe.matchAll(/\b(\w+): \{ value\b/g)) written.add(name!)

  const asked = new Set<string>()
  const { one, all } = await observe()
  // what only the Node engine and the sink write is asked of them alone
  for (const { inputs } of [
    ...(await engine('flink-1')).all(ALARM),
    ...(await engine('kafka-streams-2')).all(ALARM),
  ])
    if (inputs['namespace'] === 'OrderUp') assert.equal(inputs['metricName'], 'LagSeconds')
  for (const { inputs } of [
    ...all(ALARM),
    ...(await engine('node-1')).all(ALARM),
    ...(await parity()).all(ALARM),
  ])
    if (inputs['namespace'] === 'OrderUp') asked.add(inputs['metricName'] as string)
  const body = one('aws:cloudwatch/dashboard:Dashboard').inputs['dashboardBody'] as string
  for (const [, name] of body.matchAll(/\{OrderUp,Stack,Worker\}[^}]*?MetricName=\\"(\w+)\\"/g))
    asked.add(name!)

  assert.deepEqual(
    [...asked].filter((name) => !written.has(name)),
    [],
  )
  assert.ok(asked.size > 10)
})
