import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '@order-up/kit'
import { Membership } from './membership.ts'
import { createMetrics } from './metrics.ts'
import type { PartitionContext } from './partition.ts'
import type { GroupEvents, Transport } from './transport.ts'

// A rebalance came while a worker put its partitions away. It opened them again in a membership that it had left: they
// retried for ever, and each time fenced the partitions of its next stay.
test('partitions that are assigned while the group is being left are not opened', async () => {
  const opened: string[] = []
  let events: GroupEvents | undefined
  const transport = {
    join(to: GroupEvents) {
      events = to
      const leave = () => {
        to.onAssigned([0, 1], true)
        return Promise.resolve()
      }
      return Promise.resolve({ leave })
    },
    reader: () => ({ cursors: new Set(), wake() {}, run: () => Promise.resolve() }),
    producer(transactionalId: string) {
      opened.push(transactionalId)
      return new Promise<never>(() => {})
    },
  }
  const context: Partial<PartitionContext> = {
    deployment: 'node-1',
    transport: transport as unknown as Transport,
    log: silentLog(),
    metrics: createMetrics(),
  }
  const membership = await Membership.join(context as PartitionContext)

  const left = membership.leave()
  events!.onAssigned([0, 1], true)
  await left
  await new Promise(setImmediate)

  assert.deepEqual(opened, [])
  assert.equal(membership.partitions.size, 0)
})
