import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  bucketOf,
  decodeCurated,
  encodeEvent,
  partitionOf,
  type OrderEvent,
} from '@order-up/schemas'
import { recordsOf, visitEncoded, visitHeaders } from '@order-up/kit'
import { encodeBatch, type BatchRecord } from '@order-up/kit/testing'
import { startOf } from './position.ts'
import { StateStore } from './state-log.ts'
import { step, type Step, type StepContext } from './step.ts'

const PARTITION = 2
const PARTITIONS = 4
const RAW_ID = 7
const CURATED_ID = 9
const ids = new Map([
  [RAW_ID, 1],
  [8, 2],
])

/** Order ids that lie on the partition. */
const [A, B] = Array.from({ length: 50 }, (_, n) => `order-${n}`).filter(
  (id) => partitionOf(Buffer.from(id), PARTITIONS) === PARTITION,
) as [string, string]

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

const record = (orderId: string, n: number, change: Partial<BatchRecord> = {}): BatchRecord => ({
  key: Buffer.from(orderId),
  value: encodeEvent(event(orderId, n), RAW_ID),
  headers: [],
  ...change,
})

const all = Array.from({ length: 100 }, () => true)

const scene =
  (
    run: (
      steps: (records: BatchRecord[], change?: Partial<StepContext>) => Step,
      store: StateStore,
    ) => void,
  ) =>
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'order-up-step-'))
    const store = await StateStore.open(dir, startOf(PARTITIONS))
    let base = 0
    const steps = (records: BatchRecord[], change: Partial<StepContext> = {}) => {
      const { list } = recordsOf(encodeBatch({ base, records }), base, [])
      base += records.length
      const done = step(list, 0, list.length, store, {
        deployment: 'node-1',
        partition: PARTITION,
        partitions: PARTITIONS,
        ids,
        curatedSchemaId: CURATED_ID,
        owned: all,
        emitFrom: 0,
        ...change,
      })
      store.commit(base, null)
      return done
    }
    try {
      run(steps, store)
    } finally {
      await store.close()
      await rm(dir, { recursive: true })
    }
  }

interface Written {
  key: Buffer | null
  value: Buffer | null
  headers: [string, Buffer | null][]
}

function written({ out }: Step, topic: string): Written[] {
  const records = out.get(topic)
  const list: Written[] = []
  if (!records) return list
  assert.equal(records.partition, PARTITION)
  visitEncoded(records.bytes, records.length, (view) => {
    const at = (start: number, length: number) =>
      length < 0 ? null : Buffer.from(view.buf.subarray(start, start + length))
    const headers: Written['headers'] = []
    visitHeaders(view, (nameStart, nameLength, start, length) =>
      headers.push([String(at(nameStart, nameLength)), at(start, length)]),
    )
    const { keyStart, keyLength, valueStart, valueLength } = view
    list.push({ key: at(keyStart, keyLength), value: at(valueStart, valueLength), headers })
  })
  return list
}

const versions = (done: Step, topic: string) =>
  written(done, topic).map(({ value }) => {
    const decoded = decodeCurated(value, new Map([[CURATED_ID, 1]]))
    assert.equal(decoded.kind, 'row')
    return decoded.kind === 'row' ? [decoded.row.order_id, decoded.row.version] : []
  })

const texts = (headers: Written['headers']) =>
  headers.map(([name, value]) => [name, value && String(value)])

const CURATED = 'orders.orders.curated'
const SHADOW = 'orders.orders.shadow.node-1'
const DLQ = 'orders.events.dlq'
const SHADOW_DLQ = 'orders.events.dlq.shadow.node-1'

test(
  'every applied event gives a row with its lineage; a duplicate gives none',
  scene((steps) => {
    const done = steps([record(A, 1), record(A, 2), record(A, 1), record(B, 3)])

    assert.deepEqual(done.counts, { applied: 3, duplicate: 1, dead_letter: 0 })
    assert.deepEqual(versions(done, CURATED), [
      [A, 1],
      [A, 2],
      [B, 1],
    ])
    const { headers, key } = written(done, CURATED)[2]!
    assert.equal(String(key), B)
    assert.deepEqual(texts(headers), [
      ['engine', 'node-1'],
      ['raw-partition', String(PARTITION)],
      ['raw-offset', '3'],
    ])
  }),
)

test(
  'folding goes on from the stored state',
  scene((steps) => {
    steps([record(A, 1)])
    assert.deepEqual(versions(steps([record(A, 2)]), CURATED), [[A, 2]])
  }),
)

test(
  'records below emitFrom change the state and are neither written nor counted',
  scene((steps) => {
    const done = steps([record(A, 1), record(A, 2, { value: null }), record(A, 3)], { emitFrom: 2 })

    assert.deepEqual(done.counts, { applied: 1, duplicate: 0, dead_letter: 0 })
    assert.deepEqual(versions(done, CURATED), [[A, 2]])
    assert.deepEqual([...done.out.keys()], [CURATED])
  }),
)

test(
  'rows and dead letters of buckets that are not owned go to the shadow topics, and are folded all the same',
  scene((steps) => {
    const owned = all.map((_, bucket) => bucket !== bucketOf(Buffer.from(A)))
    const none = all.map(() => false)
    const records = [
      record(A, 1),
      record(B, 2),
      record(A, 3, { value: null }),
      record(B, 4, { value: null }),
    ]

    const done = steps(records, { owned })
    assert.deepEqual(versions(done, SHADOW), [[A, 1]])
    assert.deepEqual(versions(done, CURATED), [[B, 1]])
    assert.deepEqual(
      [SHADOW_DLQ, DLQ].map((topic) => written(done, topic).map(({ key }) => String(key))),
      [[A], [B]],
    )
    assert.deepEqual(done.counts, { applied: 2, duplicate: 0, dead_letter: 2 })

    const later = steps([record(A, 5), record(B, 6), record(B, 7, { value: null })], {
      owned: none,
    })
    assert.deepEqual(versions(later, SHADOW), [
      [A, 2],
      [B, 2],
    ])
    assert.deepEqual([...later.out.keys()].toSorted(), [SHADOW_DLQ, SHADOW])
  }),
)

test(
  'a dead letter keeps key, value and headers as they came, and says why and where it was',
  scene((steps) => {
    const value = Buffer.from('not avro')
    const headers: BatchRecord['headers'] = [
      ['trace', Buffer.from([1, 2])],
      ['many', Buffer.from('x')],
      ['null', null],
      ['many', Buffer.alloc(0)],
      ['dlq-reason', Buffer.from('an older one')],
    ]

    const [letter] = written(steps([{ key: null, value, headers }]), DLQ)

    assert.equal(letter!.key, null)
    assert.deepEqual(letter!.value, value)
    // of a name of ours there is ours alone
    const kept = headers.filter(([name]) => name !== 'dlq-reason')
    assert.deepEqual(letter!.headers.slice(0, kept.length), kept)
    const own = texts(letter!.headers.slice(kept.length))
    assert.deepEqual(
      own.filter(([name]) => name !== 'dlq-detail'),
      [
        ['dlq-reason', 'framing'],
        ['dlq-topic', 'orders.events.raw'],
        ['dlq-partition', String(PARTITION)],
        ['dlq-offset', '0'],
        ['dlq-engine', 'node-1'],
      ],
    )
  }),
)

test(
  'a record on another partition than its key’s, or of another key, is a dead letter',
  scene((steps) => {
    const other = ['x', 'y', 'z', 'v', 'w'].find(
      (id) => partitionOf(Buffer.from(id), PARTITIONS) !== PARTITION,
    )!
    const done = steps([record(other, 1), record(A, 2, { key: Buffer.from(B) })])

    assert.deepEqual(done.counts, { applied: 0, duplicate: 0, dead_letter: 2 })
    const reasons = written(done, DLQ).map(({ headers }) =>
      new Map(texts(headers).map(([n, v]) => [n, v])).get('dlq-reason'),
    )
    assert.deepEqual(reasons, ['partition_mismatch', 'key_mismatch'])
  }),
)

test(
  'an event that is valid but written with needless bytes is an event like any other',
  scene((steps) => {
    const plain = encodeEvent(event(A, 1), RAW_ID)
    // the length of the event id, 36, as a varint of two bytes
    const padded = Buffer.concat([plain.subarray(0, 5), Buffer.from([0xc8, 0]), plain.subarray(6)])
    const done = steps([record(A, 1, { value: padded }), record(A, 2)])

    assert.deepEqual(versions(done, CURATED), [
      [A, 1],
      [A, 2],
    ])
  }),
)

test(
  'a step ends before a record of a newer schema',
  scene((steps) => {
    const newer = record(B, 2)
    newer.value!.writeUInt32BE(8, 1)

    const done = steps([record(A, 1), newer, record(A, 3)])

    assert.equal(done.end, 1)
    assert.equal(done.newer?.id, 8)
    assert.equal(done.newer?.version, 2)
    assert.deepEqual(versions(done, CURATED), [[A, 1]])
    assert.deepEqual(done.counts, { applied: 1, duplicate: 0, dead_letter: 0 })
  }),
)

test(
  'a step ends where a topic has got what a broker takes as one batch, and a large dead letter goes alone',
  scene((steps) => {
    const LIMIT = 1 << 20
    const many = Array.from({ length: 8_000 }, (_, n) => record(A, n))
    const rows = steps(many)
    const size = rows.out.get(CURATED)!.size
    assert.ok(size > 0.9 * LIMIT && size < LIMIT, `${size}`)
    assert.equal(rows.end, rows.counts.applied)
    assert.ok(rows.end < many.length)

    const small = record(A, 1, { value: Buffer.from('no') })
    const large = record(A, 2, { value: Buffer.alloc(999_900) })
    assert.deepEqual(
      [
        [small, small, large, small],
        [large, small],
      ].map((records) => steps(records).end),
      [2, 1],
    )
  }),
)
