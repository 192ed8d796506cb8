import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSettings } from './config.ts'
import { configOf } from './test/program.ts'

const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/1'
const CLUSTER = 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0123-4'
const account = 'MYORG-MYACCOUNT'
const securityGroupId = 'sg-1'

const refusalOf = (config: Readonly<Record<string, unknown>>) => {
  try {
    parseSettings('dev', configOf({ stack: 'dev', config }))
  } catch (error) {
    return (error as Error).message.split('\n').slice(1, -1).join('\n').trim()
  }
  return 'accepted'
}
const bootstrapOf = (keyArn: string) => ({ bootstrap: { artifactBucket: 'artifacts', keyArn } })
const mskOf = (clusterArn: string, broker = 'b-1:9098') => ({
  kafka: { kind: 'existing-msk', clusterArn, brokers: [broker], securityGroupId },
})

for (const [what, fine, broken, value, rule] of [
  [
    'a key of another service',
    bootstrapOf(KEY),
    bootstrapOf('arn:aws:s3:::artifacts'),
    'bootstrap.keyArn = "arn:aws:s3:::artifacts"',
    "a KMS key's ARN, in eu-west-1",
  ],
  [
    'a cluster of another region',
    mskOf(CLUSTER),
    mskOf(CLUSTER.replace('eu-west-1', 'us-east-1')),
    'kafka.clusterArn = "arn:aws:kafka:us-east-1:123456789012:cluster/orders/0123-4"',
    "an MSK cluster's ARN, in eu-west-1: arn:…:cluster/<name>/<uuid>",
  ],
  [
    "a topic's ARN for a cluster's",
    mskOf(CLUSTER),
    mskOf(CLUSTER.replace('cluster/', 'topic/')),
    'kafka.clusterArn = "arn:aws:kafka:eu-west-1:123456789012:topic/orders/0123-4"',
    "an MSK cluster's ARN, in eu-west-1: arn:…:cluster/<name>/<uuid>",
  ],
  [
    'a port that there is not',
    mskOf(CLUSTER),
    mskOf(CLUSTER, 'b-1:65536'),
    'kafka.brokers = ["b-1:65536"]',
    'host:port, with a port from 1 to 65535',
  ],
  [
    'a password that is no secret',
    { kafka: scramOf('arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-AbCdEf') },
    { kafka: scramOf('arn:aws:s3:::passwords') },
    'kafka.secretArn = "arn:aws:s3:::passwords"',
    "a secret's ARN, in eu-west-1",
  ],
  [
    'a subnet that comes twice',
    { network: networkOf('subnet-1', 'subnet-2') },
    { network: networkOf('subnet-1', 'subnet-1') },
    'network.subnetIds = ["subnet-1","subnet-1"]',
    'each once',
  ],
  [
    'a certificate of another region',
    { registry: registryOf('eu-west-1') },
    { registry: registryOf('us-east-1') },
    'registry.certificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/0"',
    "an ACM certificate's ARN, in eu-west-1",
  ],
  [
    'a registry that is not reached over HTTP',
    { registry: { kind: 'existing', url: 'http://registry.example.com' } },
    { registry: { kind: 'existing', url: 'ftp://registry.example.com' } },
    'registry.url = "ftp://registry.example.com"',
    'an http or https URL',
  ],
  [
    'a password in a URL',
    { registry: { kind: 'existing', url: 'https://registry.example.com' } },
    { registry: { kind: 'existing', url: 'https://me:secret@registry.example.com' } },
    'registry.url = "https://me:secret@registry.example.com"',
    'without a name or password, which all could read',
  ],
  [
    'a login in the open',
    { warehouse: { account, url: 'https://x.privatelink.example' } },
    { warehouse: { account, url: 'http://x.privatelink.example' } },
    'warehouse.url = "http://x.privatelink.example"',
    'over https: the sink logs in through it',
  ],
  [
    'an issuer whose keys anybody could forge',
    { ingest: { auth: 'jwt', issuer: 'https://login.example.com', audience: ['orders'] } },
    { ingest: { auth: 'jwt', issuer: 'http://login.example.com', audience: ['orders'] } },
    'ingest.issuer = "http://login.example.com"',
    'over https: its keys say who may send',
  ],
] as const)
  test(`${what} is refused`, () => {
    assert.equal(refusalOf(fine), 'accepted')
    assert.equal(refusalOf(broken), `order-up:${value}: ${rule}`)
  })

test("a ticket's number is a reason", () => {
  const values = configOf({ stack: 'dev', config: { force: '4711' } })
  assert.equal(parseSettings('dev', values).force, '4711')
})

function scramOf(secretArn: string) {
  return { kind: 'other', brokers: ['kafka:9093'], auth: 'scram', secretArn }
}

function networkOf(...subnetIds: string[]) {
  return { kind: 'existing', vpcId: 'vpc-1', subnetIds }
}

function registryOf(region: string) {
  const certificateArn = `arn:aws:acm:${region}:123456789012:certificate/0`
  return { kind: 'apicurio', hostname: 'registry.example.com', certificateArn }
}
