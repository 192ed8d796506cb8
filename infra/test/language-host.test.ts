import { runtime } from '@pulumi/pulumi'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import process from 'node:process'
import { host, type Hosted } from './language-host.ts'
import type { Registration } from './mocks.ts'
import { configOf, emptyArtifacts, registerProgram, type ProgramChoice } from './program.ts'

const SMALL = {
  project: 'order-up',
  stack: 'dev',
  folder: 'infra',
  entry: 'test/hosted.fixture.ts',
  config: { 'order-up:functionName': 'control' },
}

const URN = 'urn:pulumi:dev::order-up::'

/** Type and name, and what of it a test is about. */
const brief = (r: Registration) => ({
  urn: r.urn.slice(URN.length),
  parent: r.parent?.slice(URN.length),
  protect: r.protect,
  retainOnDelete: r.retainOnDelete,
})

describe('the language host', () => {
  test('what a small program registers is seen with its parents and options', async () => {
    const { registrations, invokes, outputs, exitCode, log } = await host(SMALL)

    assert.deepEqual([exitCode, log], [0, []])
    const STACK = 'pulumi:pulumi:Stack::order-up-dev'
    const STORE = 'orderup:test:Store::store'
    const none = { protect: false, retainOnDelete: false }
    assert.deepEqual(registrations.map(brief), [
      { urn: STACK, parent: undefined, ...none },
      { urn: STORE, parent: STACK, ...none },
      {
        urn: 'orderup:test:Store$aws:s3/bucket:Bucket::store',
        parent: STORE,
        protect: true,
        retainOnDelete: true,
      },
      { urn: 'orderup:test:Store$aws:s3/bucketPolicy:BucketPolicy::store', parent: STORE, ...none },
      { urn: 'pulumi-nodejs:dynamic/order-up:Subject::subject', parent: STACK, ...none },
    ])
    const [, , bucket, policy, subject] = registrations
    assert.deepEqual(policy?.inputs, { bucket: 'store-id', policy: 'arn:aws:s3:::store' })
    assert.deepEqual(policy?.inputDependencies['policy'], [bucket?.urn])
    assert.deepEqual(subject?.dependencies, [bucket?.urn, policy?.urn])
    assert.equal(subject?.inputs['functionName'], 'control')
    assert.deepEqual(
      invokes.map(({ token }) => token),
      ['aws:index/getCallerIdentity:getCallerIdentity'],
    )
    assert.deepEqual(outputs, { account: '123456789012' })
  })

  test('at preview, what only the cloud can know is unknown', async () => {
    const { registrations, exitCode } = await host({ ...SMALL, preview: true })

    assert.equal(exitCode, 0)
    const policy = registrations.find(({ type }) => type === 'aws:s3/bucketPolicy:BucketPolicy')
    assert.deepEqual(policy?.inputs, {
      bucket: runtime.unknownValue,
      policy: runtime.unknownValue,
    })
  })

  test('a program that throws ends with a code, and says why', async () => {
    const { exitCode, log } = await host({
      ...SMALL,
      config: { ...SMALL.config, 'order-up:fail': 'yes' },
    })

    assert.notEqual(exitCode, 0)
    assert.match(log.find(({ severity }) => severity === 'error')?.message ?? '', /made to fail/)
  })
})

process.env['ORDER_UP_DIST'] ??= emptyArtifacts()

const whole = (choice: ProgramChoice): Promise<Hosted> =>
  host({
    project: 'order-up',
    stack: choice.stack,
    folder: 'infra',
    config: configOf(choice),
    preview: choice.preview ?? false,
  })

/** All that a mock can see too, in one order. */
const comparable = (registrations: readonly Registration[]) =>
  registrations
    .map(({ type, name, custom, inputs, protect, retainOnDelete, ignoreChanges }) => {
      return { type, name, custom, inputs, protect, retainOnDelete, ignoreChanges }
    })
    .toSorted((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1))

describe('the whole program', () => {
  test('dev registers under Pulumi as it does under mocks', async () => {
    const hosted = await whole({ stack: 'dev' })
    const { registrations } = await registerProgram({ stack: 'dev' })

    assert.deepEqual([hosted.exitCode, hosted.log], [0, []])
    assert.deepEqual(comparable(hosted.registrations), comparable(registrations))
  })

  test('prod, at preview: every resource is in a component, and nothing needs what is not yet known', async () => {
    const choice: ProgramChoice = { stack: 'prod', config: { shadow: 'flink' }, preview: true }

    const { exitCode, log, registrations } = await whole(choice)

    assert.deepEqual([exitCode, log], [0, []])
    const [stack] = registrations
    assert.equal(stack?.type, 'pulumi:pulumi:Stack')
    const loose = registrations.filter(({ custom, parent }) => custom && parent === stack.urn)
    assert.deepEqual(
      loose.map(({ urn }) => urn),
      [],
    )
    const shares = registrations.find(({ type }) => type.endsWith('order-up:Shares'))
    assert.deepEqual(shares?.inputs['target'], { 'node-1': [[0, 99]] })
    assert.equal(shares?.inputs['functionName'], runtime.unknownValue)
  })
})

test('the bootstrap stage registers, all that it keeps is protected', async () => {
  const { exitCode, log, registrations } = await host({
    project: 'order-up-bootstrap',
    stack: 'dev',
    folder: 'infra/bootstrap',
    entry: 'index.ts',
    config: { 'aws:region': 'eu-west-1' },
  })

  assert.deepEqual([exitCode, log], [0, []])
  const kept = registrations.filter(({ protect, retainOnDelete }) => protect && retainOnDelete)
  assert.deepEqual([...new Set(kept.map(({ type }) => type))].toSorted(), [
    'aws:ecr/repository:Repository',
    'aws:kms/alias:Alias',
    'aws:kms/key:Key',
    'aws:s3/bucket:Bucket',
  ])
})
