import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import { record } from './mocks.ts'

const run = { project: 'order-up', stack: 'dev', config: { 'aws:region': 'eu-west-1' } }

class Box extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super('orderup:test:Box', name, {}, opts)
    const topic = new aws.sns.Topic(`${name}-alarms`, { displayName: name }, { parent: this })
    this.topicArn = topic.arn
    this.registerOutputs({ topicArn: this.topicArn })
  }
}

test('what a program registers is recorded, with its place and its options', async () => {
  const { registrations, outputs, invokes } = await record(run, () => {
    const box = new Box('box', { protect: true })
    const { accountId } = aws.getCallerIdentityOutput()
    return { arn: box.topicArn, account: accountId }
  })

  const topic = registrations.find(({ type }) => type === 'aws:sns/topic:Topic')
  assert.deepEqual(
    { name: topic?.name, inputs: topic?.inputs, protect: topic?.protect, custom: topic?.custom },
    { name: 'box-alarms', inputs: { displayName: 'box' }, protect: true, custom: true },
  )
  assert.equal(topic?.parent, 'urn:pulumi:dev::order-up::pulumi:pulumi:Stack$orderup:test:Box::box')
  assert.deepEqual(outputs, {
    arn: 'arn:aws:sns:eu-west-1:123456789012:box-alarms',
    account: '123456789012',
  })
  assert.deepEqual(
    invokes.map(({ token }) => token),
    ['aws:index/getCallerIdentity:getCallerIdentity'],
  )
})

test('runs do not see each other, and an error of the program comes through', async () => {
  await assert.rejects(
    record(run, () => {
      throw new Error('no artefact')
    }),
    /no artefact/,
  )
  const { registrations } = await record(run, () => new Box('second'))
  assert.deepEqual(
    registrations.map(({ name }) => name),
    ['order-up-dev', 'second', 'second-alarms'],
  )
})

test('in a preview, what the cloud would answer is unknown', async () => {
  let resolved = false
  const { registrations } = await record({ ...run, preview: true }, () => {
    const box = new Box('box')
    box.topicArn.apply(() => (resolved = true))
    return new aws.sns.Topic('copy', { displayName: box.topicArn, tracingConfig: 'Active' })
  })
  assert.equal(resolved, false)
  assert.deepEqual(registrations.at(-1)?.inputs, {
    displayName: pulumi.runtime.unknownValue,
    tracingConfig: 'Active',
  })
})
