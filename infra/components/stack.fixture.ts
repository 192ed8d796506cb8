import * as pulumi from '@pulumi/pulumi'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSettings, type Settings } from '../config.ts'
import { ACCOUNT } from '../test/answers.ts'
import { record, type Registration } from '../test/mocks.ts'
import { emptyArtifacts, RELEASED } from '../test/program.ts'
import type { KafkaAccess, Runtime } from './runtime.ts'

/** What tests of single components put them into: a stack on MSK, with artefacts that are there but empty. */

export { ACCOUNT }
export const REGION = 'eu-west-1'
export const KEY = RELEASED.bootstrap.keyArn
export const MSK = `arn:aws:kafka:${REGION}:${ACCOUNT}:cluster/orders/0123-4`
export const ECS_CLUSTER = `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/orders`
export const PASSWORD = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:kafka-AbCdEf`
export const REGISTRY = 'http://registry:8080/apis/ccompat/v7'
export const IMAGES = RELEASED.images

const dist = (process.env['ORDER_UP_DIST'] ??= emptyArtifacts())
/** of the Flink jar */
export const JAR_SHA256 = createHash('sha256')
  .update(readFileSync(join(dist, 'flink/order-up-flink.jar')))
  .digest('hex')

const CONFIG = {
  tier: 'dev',
  partitions: 4,
  warehouse: { account: 'MYORG-MYACCOUNT' },
  ...RELEASED,
}

/** Settings of a dev stack, with other values for some keys; with another tier, of that one's stack. */
export const settingsOf = (changed: Readonly<Record<string, unknown>> = {}): Settings =>
  parseSettings((changed['tier'] as string | undefined) ?? CONFIG.tier, {
    'aws:region': REGION,
    ...Object.fromEntries(
      Object.entries({ ...CONFIG, ...changed }).map(([key, value]) => [
        `order-up:${key}`,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  })

/** A Kafka that is not MSK. */
export const otherKafka = (security: 'tls' | 'scram'): KafkaAccess => ({
  brokers: pulumi.output('kafka-1:9093,kafka-2:9093'),
  security,
  ...(security === 'scram' && { secretArn: PASSWORD }),
})

export const runtimeOf = (changed: Partial<Runtime> = {}): Runtime => ({
  stack: 'dev',
  region: REGION,
  accountId: pulumi.output(ACCOUNT),
  keyArn: KEY,
  protect: false,
  logRetentionDays: 7,
  vpcId: 'vpc-1',
  subnetIds: ['subnet-1', 'subnet-2'],
  workerSecurityGroupId: 'sg-1',
  ecsClusterArn: ECS_CLUSTER,
  ecsClusterName: 'orders',
  kafka: {
    brokers: pulumi.output('b-1:9098,b-2:9098'),
    security: 'msk-iam',
    clusterArn: pulumi.output(MSK),
  },
  registryUrl: REGISTRY,
  ...changed,
})

export interface Registered {
  registrations: readonly Registration[]
  outputs: Readonly<Record<string, unknown>>
  /** the only one of a type, or the one of that name */
  one(type: string, name?: string): Registration
  all(type: string): Registration[]
  /** of a role's policy, by Sid */
  statements(name: string): Record<string, Record<string, unknown>>
}

/** Registers what a program makes. */
export async function register(program: () => unknown): Promise<Registered> {
  const run = { project: 'order-up', stack: 'dev', config: { 'aws:region': REGION } }
  const { registrations, outputs } = await record(run, program)
  const all = (type: string) => registrations.filter((r) => r.type === type)
  const one = (type: string, name?: string) => {
    const [found, ...more] = all(type).filter((r) => name === undefined || r.name === name)
    assert.ok(found && more.length === 0, `${all(type).length} registrations of ${type} ${name}`)
    return found
  }
  const statements = (name: string) => {
    const { policy } = one('aws:iam/rolePolicy:RolePolicy', name).inputs
    const { Statement } = JSON.parse(policy as string) as { Statement: Record<string, unknown>[] }
    const bySid = Statement.map(({ Sid, ...statement }) => [Sid, statement] as const)
    assert.equal(new Set(bySid.map(([sid]) => sid)).size, Statement.length, 'a Sid comes twice')
    return Object.fromEntries(bySid) as ReturnType<Registered['statements']>
  }
  return { registrations, outputs, one, all, statements }
}
