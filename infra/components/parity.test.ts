import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeploymentId } from '@order-up/control'
import { Engine } from './engine.ts'
import { Parity } from './parity.ts'
import { IMAGES, JAR_SHA256, KEY, register, runtimeOf, settingsOf } from './stack.fixture.ts'
import { StateBucket } from './state-bucket.ts'

const registerParity = (...deployments: [DeploymentId, DeploymentId]) =>
  register(() => {
    const runtime = runtimeOf()
    const settings = settingsOf({ floor: { rows: 500 } })
    const state = new StateBucket('state', { runtime })
    const engine = (deployment: DeploymentId) =>
      new Engine({ runtime, deployment, settings, state })
    new Parity('parity', {
      runtime,
      settings,
      state,
      engines: [engine(deployments[0]), engine(deployments[1])],
      alarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:alarms',
    })
  })

const BUCKET = 'arn:aws:s3:::order-up-dev-state'

interface Container {
  image: string
  environment: { name: string; value: string }[]
}

test('it compares the same two in the same way whichever of them owns the orders', async () => {
  const containers: Container[] = []
  for (const deployments of [
    ['node-1', 'flink-1'],
    ['flink-1', 'node-1'],
  ] as [DeploymentId, DeploymentId][]) {
    const { one } = await registerParity(...deployments)
    const { containerDefinitions } = one('aws:ecs/taskDefinition:TaskDefinition', 'parity').inputs
    containers.push((JSON.parse(containerDefinitions as string) as [Container])[0])
  }

  const [first, second] = containers
  assert.deepEqual(second, first)
  assert.equal(first?.image, IMAGES.parity)
  const env = Object.fromEntries(first.environment.map(({ name, value }) => [name, value]))
  const own = [
    ['DEPLOYMENTS', 'flink-1,node-1'],
    ['ARTIFACTS', `sha256:${JAR_SHA256},sha256:${'1'.repeat(64)}`],
    ['VERDICTS_URL', 's3://order-up-dev-state/verdicts'],
    ['FLOOR_ROWS', '500'],
    ['FLOOR_ORDERS', '1000'],
    ['LAG_BOUND', '250'],
  ] as const
  assert.deepEqual(
    own.map(([name]) => [name, env[name]]),
    own,
  )
})

test('never two comparers; of S3 it may read and write verdicts and nothing else', async () => {
  const { one, statements } = await registerParity('node-1', 'flink-1')

  const service = one('aws:ecs/service:Service', 'parity').inputs
  assert.deepEqual(
    [
      service['desiredCount'],
      service['deploymentMinimumHealthyPercent'],
      service['deploymentMaximumPercent'],
    ],
    [1, 0, 100],
  )
  const others = Object.entries(statements('parity')).filter(
    ([, { Action }]) =>
      !(Action as string[]).every((action) => action.startsWith('kafka-cluster:')),
  )
  assert.deepEqual(Object.fromEntries(others), {
    Verdicts: {
      Effect: 'Allow',
      Action: ['s3:GetObject'],
      Resource: [`${BUCKET}/verdicts/*`],
    },
    SeeWhatIsNotThere: { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [BUCKET] },
    WriteVerdicts: {
      Effect: 'Allow',
      Action: ['s3:PutObject'],
      Resource: [`${BUCKET}/verdicts/*`],
    },
    Encryption: {
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: [KEY],
    },
  })
})
