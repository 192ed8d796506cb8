import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LambdaWorker, type LambdaWorkerArgs } from './lambda-worker.ts'
import {
  ACCOUNT,
  KEY,
  otherKafka,
  PASSWORD,
  register,
  REGION,
  REGISTRY,
  runtimeOf,
} from './stack.fixture.ts'

const ARGS: Omit<LambdaWorkerArgs, 'runtime'> = {
  bundle: 'producer',
  description: 'takes events',
  memory: 512,
  timeoutS: 20,
  concurrency: 5,
  env: { INGEST_DEADLINE_MS: '8000' },
  kafka: 'producer',
}

test('a function in the private subnets, encrypted, with a log of its own', async () => {
  const { one } = await register(
    () => new LambdaWorker('producer', { ...ARGS, runtime: runtimeOf() }, {}),
  )

  const { code, ...inputs } = one('aws:lambda/function:Function').inputs
  assert.match(JSON.stringify(code), /\/producer"/)
  assert.deepEqual(inputs, {
    description: 'takes events',
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    architectures: ['arm64'],
    role: `arn:aws:iam::${ACCOUNT}:role/producer`,
    memorySize: 512,
    timeout: 20,
    reservedConcurrentExecutions: 5,
    kmsKeyArn: KEY,
    loggingConfig: { logFormat: 'Text', logGroup: 'producer' },
    vpcConfig: { subnetIds: ['subnet-1', 'subnet-2'], securityGroupIds: ['sg-1'] },
    environment: {
      variables: {
        KAFKA_BROKERS: 'b-1:9098,b-2:9098',
        KAFKA_SECURITY: 'msk-iam',
        SCHEMA_REGISTRY_URL: REGISTRY,
        LOG_LEVEL: 'info',
        NODE_OPTIONS: '--enable-source-maps',
        METRICS: 'emf',
        STACK: 'dev',
        INGEST_DEADLINE_MS: '8000',
      },
    },
  })
  assert.deepEqual(one('aws:cloudwatch/logGroup:LogGroup').inputs, {
    kmsKeyId: KEY,
    retentionInDays: 7,
  })
})

test('its role: the log, the network interfaces, the key, and what the worker is granted in Kafka', async () => {
  const { statements } = await register(
    () => new LambdaWorker('producer', { ...ARGS, runtime: runtimeOf() }, {}),
  )

  const own = statements('producer')
  assert.deepEqual(Object.keys(own), [
    'Logs',
    'NetworkInterfaces',
    'FindNetworkInterfaces',
    'Decrypt',
    'Connect',
    'Write',
  ])
  assert.deepEqual(own['Logs'], {
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: [`arn:aws:logs:${REGION}:${ACCOUNT}:log-group:producer:*`],
  })
  assert.deepEqual(own['NetworkInterfaces'], {
    Effect: 'Allow',
    Action: [
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ],
    Resource: ['network-interface', 'subnet', 'security-group'].map(
      (kind) => `arn:aws:ec2:${REGION}:${ACCOUNT}:${kind}/*`,
    ),
  })
  assert.deepEqual(own['FindNetworkInterfaces'], {
    Effect: 'Allow',
    Action: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'],
    Resource: ['*'],
  })
  assert.deepEqual(own['Decrypt'], {
    Effect: 'Allow',
    Action: ['kms:Decrypt'],
    Resource: [KEY],
  })
})

test('a Kafka with a password: the function is told its ARN, and may read that secret and no other', async () => {
  const { one, statements } = await register(
    () =>
      new LambdaWorker(
        'producer',
        { ...ARGS, runtime: runtimeOf({ kafka: otherKafka('scram') }) },
        {},
      ),
  )

  const { environment } = one('aws:lambda/function:Function').inputs
  assert.deepEqual(environment, {
    variables: {
      KAFKA_BROKERS: 'kafka-1:9093,kafka-2:9093',
      KAFKA_SECURITY: 'scram',
      KAFKA_SECRET_ARN: PASSWORD,
      SCHEMA_REGISTRY_URL: REGISTRY,
      LOG_LEVEL: 'info',
      NODE_OPTIONS: '--enable-source-maps',
      METRICS: 'emf',
      STACK: 'dev',
      INGEST_DEADLINE_MS: '8000',
    },
  })
  const own = statements('producer')
  assert.deepEqual(own['KafkaPassword'], {
    Effect: 'Allow',
    Action: ['secretsmanager:GetSecretValue'],
    Resource: [PASSWORD],
  })
  assert.equal(own['Connect'], undefined)
})

test('the function waits for its rights: Lambda tries them when it is made', async () => {
  const { one } = await register(
    () => new LambdaWorker('producer', { ...ARGS, runtime: runtimeOf() }, {}),
  )

  const { urn } = one('aws:iam/rolePolicy:RolePolicy')
  assert.ok(one('aws:lambda/function:Function').dependencies.includes(urn))
})
