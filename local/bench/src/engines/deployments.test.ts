import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOf, topicsOf } from './deployments.ts'

test('a later generation has the topics of the first, under its own name', () => {
  const names = topicsOf('kafka-streams', 12, 4).map(({ name }) => name)
  assert.deepEqual(names, [
    'orders.orders.shadow.kafka-streams-12',
    'orders.events.dlq.shadow.kafka-streams-12',
    'order-up.engine.kafka-streams-12-orders-changelog',
  ])
  const [shadow] = topicsOf('node', 3, 4)
  assert.deepEqual(
    {
      name: shadow?.name,
      partitions: shadow?.partitions,
      policy: shadow?.configs['cleanup.policy'],
    },
    { name: 'orders.orders.shadow.node-3', partitions: 4, policy: 'delete' },
  )
})

test("a topic of node-12 is none of node-1, and the contract's own are nobody's", () => {
  assert.equal(isOf('orders.orders.shadow.node-1', 'node-1'), true)
  assert.equal(isOf('orders.orders.shadow.node-12', 'node-1'), false)
  assert.equal(isOf('order-up.engine.kafka-streams-2-orders-changelog', 'kafka-streams-2'), true)
  assert.equal(isOf('orders.orders.curated', 'node-1'), false)
})
