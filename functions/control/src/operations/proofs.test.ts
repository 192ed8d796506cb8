import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Service, Task } from '@aws-sdk/client-ecs'
import { ecsProblems, flinkProblems } from './proofs.ts'

const definition = (n: number) => `arn:aws:ecs:eu-west-1:1:task-definition/engine-node-1:${n}`
const proof = {
  deployment: 'node-1',
  kind: 'ecs',
  service: 'engine',
  taskDefinition: definition(2),
} as const
const service: Service = {
  status: 'ACTIVE',
  desiredCount: 2,
  runningCount: 2,
  taskDefinition: definition(2),
  deployments: [{ taskDefinition: definition(2) }],
}
const task = (n: number, more: Task = {}): Task => ({
  taskDefinitionArn: definition(n),
  lastStatus: 'RUNNING',
  healthStatus: 'HEALTHY',
  ...more,
})
const both = [task(2), task(2)]

test('all tasks of the expected definition, as many as wanted, and nothing old: proven', () => {
  assert.deepEqual(ecsProblems(proof, service, both), [])
})

test('anything less is named', () => {
  const problems = (changed: Service, tasks: Task[] = both) =>
    ecsProblems(proof, { ...service, ...changed }, tasks)

  assert.deepEqual(ecsProblems(proof, undefined, []), ['node-1: the service engine is not there'])
  assert.deepEqual(problems({ status: 'DRAINING' }), ['node-1: the service engine is DRAINING'])
  assert.deepEqual(problems({ runningCount: 1 }), ['node-1: 1 of 2 tasks run'])
  assert.deepEqual(problems({ desiredCount: 0, runningCount: 0 }, []), [
    'node-1: no task of it is wanted',
  ])
  assert.deepEqual(
    problems({ deployments: [...service.deployments!, { taskDefinition: definition(1) }] }),
    ['node-1: 1 deployment of other definitions goes on'],
  )
  assert.deepEqual(problems({}, [task(1), task(2)]), ['node-1: 1 tasks of other definitions run'])
  assert.deepEqual(problems({}, [task(2), task(2, { lastStatus: 'PENDING' })]), [
    'node-1: 1 tasks are not running yet',
  ])
  assert.deepEqual(problems({}, [task(2), task(2, { healthStatus: 'UNHEALTHY' })]), [
    'node-1: 1 tasks are unhealthy',
  ])
})

test('a rollback of ECS, which it calls a success, is no proof', () => {
  const rolledBack = {
    ...service,
    taskDefinition: definition(1),
    deployments: [{ taskDefinition: definition(1) }],
  }
  assert.match(
    ecsProblems(proof, rolledBack, [task(1), task(1)])[0]!,
    /is of engine-node-1:1, not engine-node-1:2: a deployment was rolled back/,
  )
})

test('Flink is proven by RUNNING at the version that was deployed', () => {
  const flink = { deployment: 'flink-1', kind: 'flink', application: 'a', versionId: 3 } as const
  const detail = (ApplicationStatus: 'RUNNING' | 'UPDATING', ApplicationVersionId: number) =>
    flinkProblems(flink, {
      ApplicationARN: 'arn',
      ApplicationName: 'a',
      RuntimeEnvironment: 'FLINK-2_2',
      ApplicationStatus,
      ApplicationVersionId,
    })

  assert.deepEqual(detail('RUNNING', 3), [])
  assert.deepEqual(detail('UPDATING', 3), ['flink-1: its application is UPDATING'])
  assert.deepEqual(detail('RUNNING', 2), ['flink-1: its application is at version 2, not 3'])
})
