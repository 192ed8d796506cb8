import assert from 'node:assert/strict'
import { test } from 'node:test'
import { topics } from './topics.ts'

const byName = (list: ReturnType<typeof topics>) => new Map(list.map((t) => [t.name, t]))

test('raw is kept for ever, whole, in record time', () => {
  const raw = byName(topics({ partitions: 4 })).get('orders.events.raw')
  assert.deepEqual(raw, {
    name: 'orders.events.raw',
    partitions: 4,
    replicationFactor: 1,
    configs: {
      'cleanup.policy': 'delete',
      'retention.ms': '-1',
      'retention.bytes': '-1',
      'max.message.bytes': '1048576',
      'message.timestamp.type': 'LogAppendTime',
      'min.insync.replicas': '1',
    },
  })
})

test('curated is kept 30 days, or as long as asked, and is never compacted', () => {
  const days30 = byName(topics({ partitions: 4 })).get('orders.orders.curated')
  assert.equal(days30?.configs['retention.ms'], '2592000000')
  assert.equal(days30?.configs['cleanup.policy'], 'delete')
  const asked = byName(topics({ partitions: 4, curatedRetentionMs: 60_000 }))
  assert.equal(asked.get('orders.orders.curated')?.configs['retention.ms'], '60000')
  assert.equal(asked.get('orders.events.raw')?.configs['retention.ms'], '-1')
})

test('what carries an order has the partitions of raw; shares and reports have one and are compacted', () => {
  const list = topics({ partitions: 12 })
  const single = list.filter((t) => t.partitions === 1)
  assert.deepEqual(
    single.map((t) => [t.name, t.configs['cleanup.policy']]),
    [
      ['orders.engine.shares', 'compact'],
      ['orders.engine.reports', 'compact'],
    ],
  )
  assert.ok(list.every((t) => t.partitions === 12 || single.includes(t)))
})

test('each deployment has its shadow topics, kept 7 days', () => {
  const list = topics({ partitions: 4 })
  const shadows = list.filter((t) => t.name.includes('.shadow.'))
  assert.equal(shadows.length, 12)
  assert.ok(shadows.every((t) => t.configs['retention.ms'] === '604800000'))
  for (const name of ['orders.orders.shadow.flink-2', 'orders.events.dlq.shadow.node-1'])
    assert.ok(byName(list).has(name), name)
})

test('each deployment on Kafka Streams has the changelog that it would make for itself, with partitions of raw', () => {
  const list = topics({ partitions: 4, replicationFactor: 3 })
  const changelogs = list.filter((t) => t.name.endsWith('-changelog'))
  assert.deepEqual(
    changelogs.map((t) => t.name),
    [
      'order-up.engine.kafka-streams-1-orders-changelog',
      'order-up.engine.kafka-streams-2-orders-changelog',
    ],
  )
  for (const { partitions, configs } of changelogs) {
    assert.equal(partitions, 4)
    assert.deepEqual(configs, {
      'cleanup.policy': 'compact',
      'max.message.bytes': '8388608',
      'message.timestamp.type': 'CreateTime',
      'min.insync.replicas': '2',
    })
  }
})

test('only Kafka Streams keeps its own record time', () => {
  for (const { name, configs } of topics({ partitions: 4 }))
    assert.equal(
      configs['message.timestamp.type'],
      name.endsWith('-changelog') ? 'CreateTime' : 'LogAppendTime',
      name,
    )
})

test('a dead letter has room for its headers, on the shadow too', () => {
  const list = topics({ partitions: 4 })
  const bytes = (name: string) => Number(byName(list).get(name)?.configs['max.message.bytes'])
  for (const name of ['orders.events.dlq', 'orders.events.dlq.shadow.node-1'])
    assert.ok(bytes(name) >= bytes('orders.events.raw') + 65_536, name)
})

test('with three replicas a write needs two', () => {
  for (const t of topics({ partitions: 4, replicationFactor: 3 })) {
    assert.equal(t.replicationFactor, 3)
    assert.equal(t.configs['min.insync.replicas'], '2')
  }
})
