import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { filterAbortedMessages, groupMessagesPerPartition } from './kafkajs-repairs.ts'

const require = createRequire(import.meta.url)

/** kafkajs's own module, loaded afresh. */
function original(name: string): unknown {
  const path = require.resolve(name)
  const ours = require.cache[path]
  delete require.cache[path]
  const theirs: unknown = require(path)
  require.cache[path] = ours
  return theirs
}

const theirFilter = original(
  'kafkajs/src/consumer/filterAbortedMessages.js',
) as typeof filterAbortedMessages

test('a broker that cannot name the coordinator is asked again', async () => {
  const Cluster = require('kafkajs/src/cluster/index.js') as {
    prototype: { findGroupCoordinator(this: object, group: object): Promise<unknown> }
  }
  const createRetry = require('kafkajs/src/retry') as (options: object) => unknown
  let asked = 0
  const cluster = Object.assign(Object.create(Cluster.prototype) as object, {
    retrier: createRetry({ initialRetryTime: 1, retries: 5 }),
    logger: { debug: () => {} },
    refreshMetadata: () => Promise.resolve(),
    findBroker: ({ nodeId }: { nodeId: number }) => Promise.resolve(nodeId),
    brokerPool: {
      // what kafkajs's own pool answers when no broker has an answer
      withBroker: () => Promise.resolve(++asked < 3 ? null : { coordinator: { nodeId: 7 } }),
    },
  })

  const found = await Cluster.prototype.findGroupCoordinator.call(cluster, { groupId: 'g' })

  assert.deepEqual([found, asked], [7, 3])
})

test('a fetch that begins within two aborted transactions shows no record of either', () => {
  const record = (offset: number, producerId: string, kind: 'record' | 'marker' | 'plain') => ({
    offset: `${offset}`,
    key: null,
    isControlRecord: kind === 'marker',
    batchContext: { producerId, inTransaction: kind !== 'plain' },
  })
  // A and B began at 1 and 2; the fetch begins at 10, with a record of B
  const fetched = {
    messages: [
      record(10, 'B', 'record'),
      record(11, 'A', 'record'),
      record(12, 'C', 'plain'),
      record(13, 'B', 'marker'),
      record(14, 'B', 'record'), // of B's next transaction, which is committed
      record(15, 'A', 'record'),
      record(16, 'A', 'marker'),
      record(17, 'B', 'marker'),
    ],
    abortedTransactions: [
      { firstOffset: '1', producerId: 'A' },
      { firstOffset: '2', producerId: 'B' },
    ],
  }
  const shown = (messages: { offset: string; isControlRecord: boolean }[]) =>
    messages.filter((m) => !m.isControlRecord).map(({ offset }) => offset)

  assert.deepEqual(shown(filterAbortedMessages(fetched)), ['12', '14'])
  assert.equal(filterAbortedMessages({ ...fetched, abortedTransactions: null }).length, 8)
  assert.ok(shown(theirFilter(fetched)).includes('10'), 'the bug is still there: replace it')
})

test('messages are grouped in order', () => {
  const partitioner = ({ message }: { message: number }) => message % 3
  const group = (messages: number[], partitionMetadata: unknown[]) =>
    groupMessagesPerPartition({ topic: 't', partitionMetadata, messages, partitioner })

  assert.deepEqual(group([1, 2, 3, 4, 6], [{}]), { 0: [3, 6], 1: [1, 4], 2: [2] })
  assert.deepEqual(group([1], []), {})
})

test('kafkajs loaded too early is an error, not a slow worker', () => {
  const load = `import 'kafkajs'; await import(${JSON.stringify(import.meta.resolve('./kafkajs-repairs.ts'))})`

  assert.throws(
    () => execFileSync(process.execPath, ['--input-type=module', '-e', load], { stdio: 'pipe' }),
    /load it through the kit/,
  )
})
