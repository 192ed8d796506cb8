import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bucketOf,
  decodeCurated,
  decodeRaw,
  encodeEvent,
  partitionOf,
  type OrderEvent,
} from '@order-up/schemas'
import type { OrderState } from '@order-up/fold'
import { step, type StepContext } from './step.ts'
import type { InRecord } from './transport.ts'

const PARTITIONS = 4
const RAW_ID = 7
const CURATED_ID = 9
const ids = new Map([
  [RAW_ID, 1],
  [8, 2],
])

function event(orderId: string, n: number): OrderEvent {
  return {
    event_id: `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`,
    event_type: 'ORDER_PAID',
    event_ts: 1_700_000_000_000 + n,
    order_id: orderId,
    payload: { payment_id: 'p', amount: 100, method: 'card' },
    schema_version: 1,
  }
}

function record(orderId: string, n: number, change: Partial<InRecord> = {}): InRecord {
  const key = Buffer.from(orderId)
  return {
    offset: n,
    timestamp: '0',
    partition: partitionOf(key, PARTITIONS),
    key,
    value: encodeEvent(event(orderId, n), RAW_ID),
    headers: {},
    ...change,
  }
}

const all = Array.from({ length: 100 }, () => true)
const context = (change: Partial<StepContext> = {}): StepContext => ({
  deployment: 'node-1',
  curatedSchemaId: CURATED_ID,
  owned: all,
  emitFrom: 0,
  decode: (r) => decodeRaw(r, ids, PARTITIONS),
  stateOf: () => null,
  ...change,
})

const versions = (out: ReturnType<typeof step>['out'], topic: string) =>
  (out.get(topic) ?? []).map(({ value }) => {
    const decoded = decodeCurated(value, new Map([[CURATED_ID, 1]]))
    assert.equal(decoded.kind, 'row')
    return decoded.kind === 'row' ? [decoded.row.order_id, decoded.row.version] : []
  })

test('every applied event gives a row with its lineage; a duplicate gives none', () => {
  const { out, counts } = step(
    [record('a', 1), record('a', 2), record('a', 1, { offset: 3 })],
    context(),
  )

  assert.deepEqual(counts, { applied: 2, duplicate: 1, dead_letter: 0 })
  assert.deepEqual(versions(out, 'orders.orders.curated'), [
    ['a', 1],
    ['a', 2],
  ])
  const { headers, key } = out.get('orders.orders.curated')![1]!
  assert.equal(key?.toString(), 'a')
  assert.deepEqual(
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    { engine: 'node-1', 'raw-partition': String(record('a', 1).partition), 'raw-offset': '2' },
  )
})

test('folding goes on from the stored state', () => {
  const first = step([record('a', 1)], context()).states.get('a') as OrderState

  const { out, states } = step([record('a', 2)], context({ stateOf: () => first }))

  assert.deepEqual(versions(out, 'orders.orders.curated'), [['a', 2]])
  assert.equal(states.get('a')!.ids.count, 2)
})

test('records below emitFrom change the state and are neither written nor counted', () => {
  const malformed = record('a', 2, { value: null })

  const { out, counts, states } = step(
    [record('a', 1), malformed, record('a', 3)],
    context({ emitFrom: 3 }),
  )

  assert.deepEqual(counts, { applied: 1, duplicate: 0, dead_letter: 0 })
  assert.deepEqual(versions(out, 'orders.orders.curated'), [['a', 2]])
  assert.deepEqual([...out.keys()], ['orders.orders.curated'])
  assert.equal(states.get('a')!.ids.count, 2)
})

test('rows and dead letters of buckets that are not owned go to the shadow topics, and are folded all the same', () => {
  const owned = all.map((_, bucket) => bucket !== bucketOf(Buffer.from('a')))

  const { out, counts } = step(
    [
      record('a', 1),
      record('b', 2),
      record('a', 3, { value: null }),
      record('b', 4, { value: null }),
    ],
    context({ owned }),
  )

  assert.deepEqual(versions(out, 'orders.orders.shadow.node-1'), [['a', 1]])
  assert.deepEqual(versions(out, 'orders.orders.curated'), [['b', 1]])
  assert.deepEqual(
    ['orders.events.dlq.shadow.node-1', 'orders.events.dlq'].map((topic) =>
      out.get(topic)?.map(({ key }) => key?.toString()),
    ),
    [['a'], ['b']],
  )
  assert.deepEqual(counts, { applied: 2, duplicate: 0, dead_letter: 2 })
})

test('a dead letter keeps key, value and headers, and says why and where it was', () => {
  const value = Buffer.from('not avro')
  const headers = { trace: Buffer.from([1, 2]), many: [Buffer.from('x'), Buffer.from('y')] }
  const input: InRecord = { offset: 5, partition: 2, key: null, value, headers, timestamp: '0' }

  const { out } = step([input], context())

  const letter = out.get('orders.events.dlq')![0]!
  assert.equal(letter.key, null)
  assert.equal(letter.value, value)
  assert.deepEqual(letter.headers['trace'], headers.trace)
  assert.deepEqual(letter.headers['many'], headers.many)
  assert.deepEqual(
    ['reason', 'topic', 'partition', 'offset', 'engine'].map((name) =>
      String(letter.headers[`dlq-${name}`]),
    ),
    ['framing', 'orders.events.raw', '2', '5', 'node-1'],
  )
})

test('a step ends before a record of a newer schema', () => {
  const newer = record('b', 2)
  newer.value!.writeUInt32BE(8, 1)

  const { out, newer: found, counts } = step([record('a', 1), newer, record('a', 3)], context())

  assert.deepEqual(found, { offset: 2, id: 8, version: 2 })
  assert.deepEqual(versions(out, 'orders.orders.curated'), [['a', 1]])
  assert.deepEqual(counts, { applied: 1, duplicate: 0, dead_letter: 0 })
})
