import { engineOf, type DeploymentId } from '@order-up/control'
import type { Settings } from '../config.ts'

/** One line of a month's bill. */
export interface Cost {
  item: string
  /** what it is made of */
  of: string
  monthlyUsd: number
}

export type Costed = Pick<
  Settings,
  'deployments' | 'sizes' | 'network' | 'kafka' | 'registry' | 'sink'
>

/**
 * List prices of us-east-1 in USD, on demand, as published by AWS and by those who keep lists of them; collected
 * 2026-11-24 and not guaranteed. Other regions differ: a small broker costs 9 % more in eu-west-1.
 *
 * https://aws.amazon.com/msk/pricing, /vpc/pricing, /privatelink/pricing, /fargate/pricing (arm64),
 * /managed-service-apache-flink/pricing, /rds/postgresql/pricing, /elasticloadbalancing/pricing, /cloudwatch/pricing,
 * /kms/pricing, /secrets-manager/pricing
 */
const HOURLY = {
  broker: { 'kafka.t3.small': 0.0456, 'kafka.m7g.large': 0.204 },
  database: { 'db.t4g.micro': 0.016, 'db.t4g.small': 0.032 },
  natGateway: 0.045,
  /** an interface endpoint in one zone */
  endpoint: 0.01,
  vcpu: 0.03238,
  memoryGiB: 0.00356,
  /** Kinesis processing unit */
  kpu: 0.11,
  loadBalancer: 0.0225,
} as const

const MONTHLY = {
  brokerGiB: 0.1,
  databaseGiB: 0.115,
  /** running storage of Flink, of which every KPU has 50 GiB */
  flinkGiB: 0.1,
  metric: 0.3,
  /** for each metric that an alarm looks at */
  alarm: 0.1,
  key: 1,
  secret: 0.4,
} as const

const HOURS = 730
const KPU_GIB = 50

/** What the bill has besides, by use. */
export const NOT_COUNTED =
  'data through NAT gateways, endpoints and between zones; requests and run time of Lambda and API Gateway; the pollers ' +
  'of a sink on Lambda; logs; S3, tiered storage and backups; Snowflake; taxes'

/** How many metrics each kind of worker writes of itself, and the probe of each engine and of all. */
const OWN_METRICS = { node: 6, sink: 7, producer: 2, parity: 5, ofEngine: 2, ofAll: 2 }
const ENGINE_ALARMS = { node: 4, flink: 5, 'kafka-streams': 2 }
const ALARMS = { common: 9, msk: 2, registry: 2, parity: 1 }

/** What a stack costs while it stands there and nothing comes: what is paid by the hour or by the month. Pure. */
export function monthlyCosts(settings: Costed): Cost[] {
  const { deployments, sizes, sink } = settings
  const costs = [
    ...kafkaCosts(settings),
    ...networkCosts(settings),
    ...deployments.running.map((deployment) => engineCost(deployment, sizes)),
    ...(deployments.second ? [tasks('Comparer', 1, sizes.parity)] : []),
    ...(sink === 'ecs' ? [tasks('Sink', 1, sizes.sink)] : []),
    ...registryCosts(settings),
    ...watchCosts(settings),
    { item: 'Encryption', of: 'a key, 3 secrets', monthlyUsd: MONTHLY.key + 3 * MONTHLY.secret },
  ]
  return costs.map((cost) => ({ ...cost, monthlyUsd: Math.round(cost.monthlyUsd) }))
}

export const totalOf = (costs: readonly Cost[]) =>
  costs.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0)

/** As a table in Markdown, a column for each stack. */
export function costTable(stacks: Readonly<Record<string, readonly Cost[]>>): string {
  const columns = Object.values(stacks)
  const items = [...new Set(columns.flat().map(({ item }) => item))]
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const cell = (costs: readonly Cost[], wanted: string) =>
    costs
      .filter(({ item }) => item === wanted)
      .map(({ of, monthlyUsd }) => `${monthlyUsd} (${of})`)
      .join(', ') || '–'
  return [
    row(['USD a month', ...Object.keys(stacks)]),
    row(['---', ...columns.map(() => '---')]),
    ...items.map((item) => row([item, ...columns.map((costs) => cell(costs, item))])),
    row(['**together**', ...columns.map((costs) => `**${totalOf(costs)}**`)]),
  ].join('\n')
}

const hourly = (item: string, of: string, usd: number): Cost => ({
  item,
  of,
  monthlyUsd: usd * HOURS,
})

/** @param cpu Fargate's units @param memory MiB */
const tasks = (
  item: string,
  count: number,
  { cpu, memory }: { cpu: number; memory: number },
): Cost =>
  hourly(
    item,
    `${count} × ${cpu / 1_024} vCPU, ${memory / 1_024} GiB`,
    count * ((cpu / 1_024) * HOURLY.vcpu + (memory / 1_024) * HOURLY.memoryGiB),
  )

/** @throws Error for a size whose price nobody has looked up */
function priceOf(prices: Readonly<Record<string, number>>, size: string): number {
  const price = prices[size]
  if (price === undefined) throw new Error(`infra/plan/costs.ts has no price of ${size}`)
  return price
}

function kafkaCosts({ kafka, sizes: { broker } }: Costed): Cost[] {
  if (kafka.kind !== 'msk') return []
  const { count, instanceType, storageGiB } = broker
  const price = priceOf(HOURLY.broker, instanceType)
  return [
    hourly('Kafka brokers', `${count} × ${instanceType}`, count * price),
    {
      item: 'Kafka disks',
      of: `${count} × ${storageGiB} GiB`,
      monthlyUsd: count * storageGiB * MONTHLY.brokerGiB,
    },
  ]
}

/** How many services an own network reaches by an interface endpoint in each zone; see components/endpoints.ts. */
const ENDPOINTS = { nat: 0, 'nat-per-zone': 4, privatelink: 9 } as const

function networkCosts({ network, sizes: { zones } }: Costed): Cost[] {
  if (network.kind !== 'own') return []
  const { egress } = network
  const gateways = { nat: 1, 'nat-per-zone': zones, privatelink: 0 }[egress]
  const endpoints = ENDPOINTS[egress] * zones
  return [
    ...(gateways > 0
      ? [hourly('NAT gateways', String(gateways), gateways * HOURLY.natGateway)]
      : []),
    ...(endpoints > 0 ? [hourly('Endpoints', String(endpoints), endpoints * HOURLY.endpoint)] : []),
  ]
}

function engineCost(deployment: DeploymentId, { engine, flink }: Settings['sizes']): Cost {
  if (engineOf(deployment) !== 'flink') return tasks('Engine', engine.minTasks, engine)
  const { parallelism } = flink
  const kpus = parallelism + 1 // one more, for orchestration
  const storage = parallelism * KPU_GIB * MONTHLY.flinkGiB
  return {
    item: 'Engine',
    of: `${kpus} KPU of Flink`,
    monthlyUsd: kpus * HOURLY.kpu * HOURS + storage,
  }
}

function registryCosts({ registry, sizes: { registry: size } }: Costed): Cost[] {
  if (registry.kind !== 'apicurio') return []
  const { databaseClass, databaseGiB, multiAz } = size
  const database =
    HOURS * priceOf(HOURLY.database, databaseClass) + databaseGiB * MONTHLY.databaseGiB
  return [
    tasks('Schema registry', size.tasks, size),
    {
      item: 'Its database',
      of: `${multiAz ? '2 × ' : ''}${databaseClass}`,
      monthlyUsd: (multiAz ? 2 : 1) * database,
    },
    ...(registry.hostname === undefined
      ? []
      : [hourly('Its load balancer', '1', HOURLY.loadBalancer)]),
  ]
}

function watchCosts({ deployments, kafka, registry, sizes }: Costed): Cost[] {
  const { running } = deployments
  const engines = running.map(engineOf)
  const { node, sink, producer, parity, ofEngine, ofAll } = OWN_METRICS
  const nodes = engines.filter((engine) => engine === 'node').length
  const compares = deployments.second === undefined ? 0 : 1
  const metrics =
    nodes * node + engines.length * ofEngine + compares * parity + sink + producer + ofAll
  const brokers = kafka.kind === 'msk' ? sizes.broker.count : 0
  const alarms =
    ALARMS.common +
    compares * ALARMS.parity +
    engines.reduce((sum, engine) => sum + ENGINE_ALARMS[engine], 0) +
    (kafka.kind === 'other' ? 0 : ALARMS.msk) +
    2 * brokers + // disks, and replicas
    (registry.kind === 'apicurio' ? ALARMS.registry : 0)
  return [
    {
      item: 'Monitoring',
      of: `${metrics} metrics, ${alarms} in alarms`,
      monthlyUsd: metrics * MONTHLY.metric + alarms * MONTHLY.alarm,
    },
  ]
}
