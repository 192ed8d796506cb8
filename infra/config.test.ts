import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { Config, parseSettings } from './config.ts'
import { configOf, STACKS } from './test/program.ts'

const ROOT = resolve(import.meta.dirname, '..')
const DEPLOYMENTS =
  'one of node, flink, kafka-streams, or with a generation: ' +
  'node-1, node-2, flink-1, flink-2, kafka-streams-1, kafka-streams-2'
const PERCENT = 'a whole number of percent, from 1 to 99'
const IMAGE = 'an image by digest, as <repository>@sha256:<64 hex digits>'
const CAPITALS = 'capitals, digits and _, as ORDER_UP'
const account = 'MYORG-MYACCOUNT'
const brokers = ['kafka:9093']

/** What is changed in dev's settings, and each line that is said about it, without `order-up:`. */
const BROKEN: readonly (readonly [changed: Record<string, unknown>, ...lines: string[]])[] = [
  [
    { tier: 'production' },
    'tier = "production": Invalid option: expected one of "dev"|"staging"|"prod"',
  ],
  [{ tier: undefined }, 'tier is not set: Invalid option: expected one of "dev"|"staging"|"prod"'],
  [{ engine: 'spark' }, `engine = "spark": ${DEPLOYMENTS}`],
  [{ engine: 'node-3' }, `engine = "node-3": ${DEPLOYMENTS}`],
  [{ shadow: 'spark' }, `shadow = "spark": ${DEPLOYMENTS}`],
  [{ shadow: 'node' }, 'shadow = "node": must differ from order-up:engine (node-1)'],
  [{ split: 10 }, 'split = 10: Invalid input: expected record, received number'],
  [{ split: { flink: 0 } }, `split.flink = 0: ${PERCENT}`],
  [{ split: { flink: 100 } }, `split.flink = 100: ${PERCENT}`],
  [{ split: { flink: 10.5 } }, `split.flink = 10.5: ${PERCENT}`],
  [{ split: { spark: 10 } }, `split = {"spark":10}: spark: ${DEPLOYMENTS}`],
  [
    { split: { 'node-1': 10 } },
    'split = {"node-1":10}: node-1 is the engine: name the one that takes a share from it',
  ],
  [
    { split: { flink: 10, 'node-2': 5 } },
    'split = {"flink":10,"node-2":5}: at most one deployment can take a share from the engine',
  ],
  [
    { shadow: 'flink', split: { 'node-2': 5 } },
    'split = {"node-2":5}: node-2 is not the shadow (flink-1): at most two deployments run',
  ],
  [{ dead: 'spark' }, `dead = "spark": ${DEPLOYMENTS}`],
  ...[
    { dead: 'node' },
    { shadow: 'flink', dead: 'flink' },
    { split: { flink: 5 }, dead: 'flink' },
  ].map(
    (changed) =>
      [
        changed,
        `dead = ${JSON.stringify(changed.dead)}: must not run: leave it out of engine, shadow and split`,
      ] as const,
  ),
  [{ floor: { rows: 0 } }, 'floor.rows = 0: Too small: expected number to be >=1'],
  [{ force: ['x'] }, 'force = ["x"]: Invalid input: expected string, received array'],
  [{ partitions: undefined }, 'partitions is not set: needed (number)'],
  [{ partitions: 'many' }, 'partitions = "many": Invalid input: expected number, received string'],
  [{ partitions: 1.5 }, 'partitions = 1.5: Invalid input: expected int, received number'],
  [{ partitions: 0 }, 'partitions = 0: Too small: expected number to be >=1'],
  [{ partitions: 1_001 }, 'partitions = 1001: Too big: expected number to be <=1000'],
  [
    { bootstrap: undefined },
    'bootstrap is not set: the bootstrap stage comes first: `pulumi up --cwd infra/bootstrap`, then `npm run release -- dev`',
  ],
  [
    { bootstrap: { keyArn: 'alias/key' } },
    'bootstrap.artifactBucket is not set: needed (string)',
    'bootstrap.keyArn = "alias/key": an ARN',
  ],
  [{ images: { sink: 'sink:latest' } }, `images.sink = "sink:latest": ${IMAGE}`],
  [{ images: { flink: 'x' } }, 'images.flink = "x": there is no such key'],
  [
    { network: { kind: 'shared' } },
    `network.kind = "shared": Invalid discriminator value. Expected 'own' | 'existing'`,
  ],
  [
    { network: { kind: 'own', cidr: '10.0.0.0' } },
    'network.cidr = "10.0.0.0": an IPv4 network, as 10.20.0.0/16',
  ],
  [
    { network: { kind: 'own', egress: 'none' } },
    'network.egress = "none": Invalid option: expected one of "nat"|"nat-per-zone"|"privatelink"',
  ],
  [
    { network: { kind: 'own', egress: 'privatelink' } },
    'network.snowflakeEndpointService is not set: needed with egress: privatelink, and only there',
    'registry.image is not set: needed with egress: privatelink, which reaches no public repository',
  ],
  [
    { network: { kind: 'own', cidr: '10.0.0.0/8' } },
    'network.cidr = "10.0.0.0/8": between /16 (AWS\'s largest VPC) and /22 (251 addresses a zone)',
  ],
  [
    { sink: 'lambda', kafka: { kind: 'other', brokers: ['kafka:9093'], auth: 'tls' } },
    'sink = "lambda": a Lambda sink can poll MSK, or a Kafka with auth: scram; with auth: tls use ecs',
  ],
  [
    { network: { kind: 'own', snowflakeEndpointService: 'com.x' } },
    'network.snowflakeEndpointService = "com.x": needed with egress: privatelink, and only there',
  ],
  [
    { network: { kind: 'existing', vpcId: 'mine', subnetIds: ['subnet-1'] } },
    'network.vpcId = "mine": vpc-…',
    'network.subnetIds = ["subnet-1"]: Too small: expected array to have >=2 items',
  ],
  [
    { kafka: { kind: 'serverless' } },
    `kafka.kind = "serverless": Invalid discriminator value. Expected 'msk' | 'existing-msk' | 'other'`,
  ],
  [{ kafka: { kind: 'msk', brokers } }, 'kafka.brokers = ["kafka:9093"]: there is no such key'],
  [
    { kafka: { kind: 'existing-msk', clusterArn: 'x', brokers: ['kafka'], securityGroupId: 'x' } },
    'kafka.clusterArn = "x": an ARN',
    'kafka.brokers.0 = "kafka": host:port',
    'kafka.securityGroupId = "x": sg-…',
  ],
  [
    { kafka: { kind: 'other', brokers, auth: 'plain' } },
    'kafka.auth = "plain": Invalid option: expected one of "tls"|"scram"',
  ],
  [
    { kafka: { kind: 'other', brokers, auth: 'scram' } },
    'kafka.secretArn is not set: needed with auth: scram, and only there',
  ],
  [
    { kafka: { kind: 'other', brokers, auth: 'tls', secretArn: 'arn:aws:x' } },
    'kafka.secretArn = "arn:aws:x": needed with auth: scram, and only there',
  ],
  [
    { registry: { kind: 'glue' } },
    `registry.kind = "glue": Invalid discriminator value. Expected 'apicurio' | 'existing'`,
  ],
  [{ registry: { kind: 'existing', url: 'registry' } }, 'registry.url = "registry": Invalid URL'],
  [
    { registry: { kind: 'apicurio', hostname: 'registry.example.com' } },
    'registry.certificateArn is not set: hostname and certificateArn go together',
  ],
  [
    { registry: { kind: 'apicurio', certificateArn: 'arn:aws:acm:x' } },
    'registry.certificateArn = "arn:aws:acm:x": hostname and certificateArn go together',
  ],
  [{ warehouse: undefined }, 'warehouse is not set: needed (object)'],
  [{ warehouse: { account: 'x' } }, 'warehouse.account = "x": <organization>-<account>'],
  [
    { warehouse: { account, database: 'order up', schema: 'x' } },
    `warehouse.database = "order up": ${CAPITALS}`,
    `warehouse.schema = "x": ${CAPITALS}`,
  ],
  [{ warehouse: { account, url: 'x' } }, 'warehouse.url = "x": Invalid URL'],
  [
    { warehouse: { account, keyGeneration: 0 } },
    'warehouse.keyGeneration = 0: Too small: expected number to be >=1',
  ],
  [{ warehouse: { account, password: 'x' } }, 'warehouse.password = "x": there is no such key'],
  [
    { ingest: { auth: 'none' } },
    `ingest.auth = "none": Invalid discriminator value. Expected 'iam' | 'jwt'`,
  ],
  [
    { ingest: { auth: 'jwt', issuer: 'me', audience: [] } },
    'ingest.issuer = "me": Invalid URL',
    'ingest.audience = []: Too small: expected array to have >=1 items',
  ],
  [{ sink: 'glue' }, 'sink = "glue": Invalid option: expected one of "ecs"|"lambda"'],
  [{ alarmEmail: 'me' }, 'alarmEmail = "me": Invalid email address'],
  [
    {
      tier: 'prod',
      registry: { kind: 'existing', url: 'https://registry.example.com' },
      kafka: { kind: 'other', brokers: ['kafka:9093'], auth: 'tls', replicationFactor: 2 },
    },
    'tier = "prod": in a stack whose name begins with prod: by that the policy pack knows what has to be protected',
    'kafka.replicationFactor = 2: at least 3 in prod: with less, a lost broker stops the writers or loses what they wrote',
  ],
  [{ engin: 'node' }, 'engin = "node": there is no such key'],
]

for (const [config, ...lines] of BROKEN)
  test(`refused, by key, value and rule: ${lines[0]}`, () => {
    const values = configOf({ stack: 'dev', config })

    assert.throws(() => parseSettings('dev', values), {
      message:
        `Pulumi.dev.yaml is not valid:\n${lines.map((line) => `  order-up:${line}\n`).join('')}` +
        'Set a value with `pulumi config set --stack dev --path <key> <value>`; README, "Deploy", lists the keys.',
    })
  })

test('every key has a value that is refused', () => {
  const tried = new Set(BROKEN.map(([, line]) => /^\w+/.exec(line!)?.[0]))
  assert.deepEqual(
    Object.keys(Config.shape).filter((key) => !tried.has(key)),
    [],
  )
})

test('production asks for TLS to the registry', () => {
  const refusal = (registry: object | undefined) => () =>
    parseSettings('prod', configOf({ stack: 'prod', config: { registry } }))

  assert.throws(
    refusal({ kind: 'apicurio' }),
    /order-up:registry\.certificateArn is not set: in prod the registry is served over TLS/,
  )
  assert.throws(
    refusal({ kind: 'existing', url: 'http://registry/apis/ccompat/v7' }),
    /order-up:registry\.url = "http:.*": in prod the registry is reached over https/,
  )
  assert.doesNotThrow(refusal({ kind: 'existing', url: 'https://registry/apis/ccompat/v7' }))
})

test('a stack without a region is refused', () => {
  const { 'aws:region': _, ...values } = configOf({ stack: 'dev' })
  assert.throws(
    () => parseSettings('dev', values),
    /\n {2}aws:region is not set: needed, as eu-west-1\n/,
  )
})

test("each stack's own file is valid once the bootstrap stage is there, and says what it needs before", () => {
  for (const stack of STACKS) {
    const { tier, protect } = parseSettings(stack, configOf({ stack }))
    assert.deepEqual({ tier, protect }, { tier: stack, protect: stack === 'prod' })
    assert.throws(
      () => parseSettings(stack, configOf({ stack, config: { bootstrap: undefined } })),
      /order-up:bootstrap is not set: the bootstrap stage comes first: `pulumi up --cwd infra\/bootstrap`/,
    )
  }
})

test('who runs and who owns what follows from engine, shadow and split', () => {
  const { deployments } = parseSettings(
    'dev',
    configOf({ stack: 'dev', config: { engine: 'kafka-streams', split: { 'flink-2': 30 } } }),
  )
  assert.deepEqual(
    [deployments.owner, deployments.second, deployments.running],
    ['kafka-streams-1', 'flink-2', ['kafka-streams-1', 'flink-2']],
  )
})

test('Pulumi.yaml lists the keys of the config, but for what only the release writes', () => {
  const project = parse(readFileSync(join(ROOT, 'Pulumi.yaml'), 'utf8')) as { config: object }
  assert.deepEqual(
    [...Object.keys(project.config), 'bootstrap'].toSorted(),
    Object.keys(Config.shape).toSorted(),
  )
})
