import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseSettings } from '../config.ts'
import { configOf, type Stack } from '../test/program.ts'
import { costTable, monthlyCosts, NOT_COUNTED, totalOf } from './costs.ts'

const costsOf = (stack: Stack, config: Readonly<Record<string, unknown>> = {}) =>
  monthlyCosts(parseSettings(stack, configOf({ stack, config })))

/** As Prettier aligns it or not. */
const lines = (table: string) =>
  table.split('\n').map((line) => line.replace(/ {2,}/g, ' ').replace(/-{3,}/g, '---'))

test('what each stack costs, as it stands in its file, is what the README says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [shown = ''] = /^\| USD a month .*\n(?:\|.*\n)+/m.exec(readme) ?? []

  const table = costTable({
    dev: costsOf('dev'),
    staging: costsOf('staging'),
    prod: costsOf('prod'),
  })

  assert.deepEqual(lines(shown.trim()), lines(table))
  assert.ok(readme.includes(NOT_COUNTED))
})

test('dev, exactly, from the prices', () => {
  const hours = 730
  const expected = {
    'Kafka brokers': 2 * 0.0456 * hours,
    'Kafka disks': 40 * 0.1,
    'NAT gateways': 0.045 * hours,
    Engine: (0.5 * 0.03238 + 0.00356) * hours,
    Sink: (0.25 * 0.03238 + 0.00356) * hours,
    'Schema registry': (0.25 * 0.03238 + 0.00356) * hours,
    'Its database': 0.016 * hours + 20 * 0.115,
    Monitoring: 19 * 0.3 + 21 * 0.1,
    Encryption: 1 + 3 * 0.4,
  }

  assert.deepEqual(
    Object.fromEntries(costsOf('dev').map(({ item, monthlyUsd }) => [item, monthlyUsd])),
    Object.fromEntries(Object.entries(expected).map(([item, usd]) => [item, Math.round(usd)])),
  )
})

test('a shadow costs its engine, the comparer and their figures; the same wherever its share stands', () => {
  const alone = costsOf('staging')
  const shadow = costsOf('staging', { shadow: 'flink' })

  const more = shadow.filter(
    (cost) => !alone.some(({ item, of }) => item === cost.item && of === cost.of),
  )
  assert.deepEqual(more, [
    { item: 'Engine', of: '3 KPU of Flink', monthlyUsd: Math.round(3 * 0.11 * 730 + 10) },
    { item: 'Comparer', of: '1 × 1 vCPU, 4 GiB', monthlyUsd: 34 },
    { item: 'Monitoring', of: '26 metrics, 27 in alarms', monthlyUsd: 11 },
  ])
  assert.deepEqual(costsOf('staging', { split: { flink: 10 } }), shadow)
})

test('what is there already costs nothing here', () => {
  const existing = {
    kafka: { kind: 'other', brokers: ['kafka:9093'], auth: 'tls' },
    network: { kind: 'existing', vpcId: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'] },
    registry: { kind: 'existing', url: 'https://registry.example.com/apis/ccompat/v7' },
  }

  const costs = costsOf('dev', existing)

  assert.deepEqual(
    costs.map(({ item }) => item),
    ['Engine', 'Sink', 'Monitoring', 'Encryption'],
  )
  assert.ok(totalOf(costs) < totalOf(costsOf('dev')) - 100)
})
