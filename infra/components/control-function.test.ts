import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ControlFunction } from './control-function.ts'
import { KeySecrets } from './key-secrets.ts'
import { ACCOUNT, ECS_CLUSTER, KEY, register, REGION, runtimeOf } from './stack.fixture.ts'
import { StateBucket } from './state-bucket.ts'

const registerControl = (generation = 2) =>
  register(() => {
    const runtime = runtimeOf()
    const state = new StateBucket('state', { runtime })
    const keys = new KeySecrets('service-key', { runtime, generation })
    new ControlFunction('control', { runtime, state, keys })
  })

const BUCKET = 'arn:aws:s3:::order-up-dev-state'
const secret = (slot: number) =>
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:service-key-${slot}-AbCdEf`

test('besides what it is granted in Kafka it reads proofs and verdicts, and fills the secrets of keys', async () => {
  const { statements } = await registerControl()

  const own = statements('control')
  assert.deepEqual(Object.keys(own), [
    'Logs',
    'NetworkInterfaces',
    'FindNetworkInterfaces',
    'Decrypt',
    'Connect',
    'Read',
    'Write',
    'Watch',
    'Transact',
    'Services',
    'Tasks',
    'ListTasks',
    'Applications',
    'Verdicts',
    'SeeWhatIsNotThere',
    'ServiceKeys',
    'Encrypt',
  ])
  const ecs = `arn:aws:ecs:${REGION}:${ACCOUNT}`
  assert.deepEqual(
    Object.fromEntries(Object.entries(own).slice(Object.keys(own).indexOf('Services'))),
    {
      Services: {
        Effect: 'Allow',
        Action: ['ecs:DescribeServices'],
        Resource: [`${ecs}:service/orders/*`],
      },
      Tasks: {
        Effect: 'Allow',
        Action: ['ecs:DescribeTasks'],
        Resource: [`${ecs}:task/orders/*`],
      },
      ListTasks: {
        Effect: 'Allow',
        Action: ['ecs:ListTasks'],
        Resource: ['*'],
        Condition: { ArnEquals: { 'ecs:cluster': ECS_CLUSTER } },
      },
      Applications: {
        Effect: 'Allow',
        Action: ['kinesisanalytics:DescribeApplication'],
        Resource: [
          `arn:aws:kinesisanalytics:${REGION}:${ACCOUNT}:application/order-up-dev-flink-*`,
        ],
      },
      Verdicts: {
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: [`${BUCKET}/verdicts/*`],
      },
      SeeWhatIsNotThere: {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [BUCKET],
      },
      ServiceKeys: {
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
        Resource: [secret(1), secret(2)],
      },
      Encrypt: { Effect: 'Allow', Action: ['kms:GenerateDataKey'], Resource: [KEY] },
    },
  )
})

test('before the first rotation there is one secret', async () => {
  const { statements } = await registerControl(1)

  assert.deepEqual(statements('control')['ServiceKeys']?.['Resource'], [secret(1)])
})

test('it is told where the engines run and the verdicts lie, and nothing of which engines there are', async () => {
  const { one } = await registerControl()

  const { environment, timeout, reservedConcurrentExecutions } = one('aws:lambda/function:Function')
    .inputs as Record<string, { variables: Record<string, string> }>
  const { ECS_CLUSTER: cluster, VERDICTS_URL } = environment!.variables
  assert.deepEqual(Object.keys(environment!.variables), [
    'ECS_CLUSTER',
    'KAFKA_BROKERS',
    'KAFKA_SECURITY',
    'LOG_LEVEL',
    'METRICS',
    'NODE_OPTIONS',
    'SCHEMA_REGISTRY_URL',
    'STACK',
    'VERDICTS_URL',
  ])
  assert.deepEqual(
    [cluster, VERDICTS_URL, timeout, reservedConcurrentExecutions],
    [ECS_CLUSTER, 's3://order-up-dev-state/verdicts', 300, 2],
  )
})

test('each minute it is asked to measure, once; whoever asks may do nothing else', async () => {
  const { one, statements } = await registerControl()

  const lambda = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:control`
  assert.deepEqual(one('aws:scheduler/schedule:Schedule').inputs, {
    description: "Measures each group's lag and the last stable offsets",
    scheduleExpression: 'rate(1 minute)',
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: lambda,
      roleArn: `arn:aws:iam::${ACCOUNT}:role/control-probe`,
      input: '{"action":"probe"}',
      retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
    },
  })
  assert.deepEqual(statements('control-probe'), {
    Probe: { Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource: [lambda] },
  })
  const { assumeRolePolicy } = one('aws:iam/role:Role', 'control-probe').inputs
  assert.deepEqual(JSON.parse(assumeRolePolicy as string), {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
      },
    ],
  })
  // Scheduler invokes a function asynchronously, and Lambda would try a failed event twice again
  assert.deepEqual(one('aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig').inputs, {
    functionName: 'control',
    maximumRetryAttempts: 0,
    maximumEventAgeInSeconds: 60,
  })
})
