import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  DLQ_HEADERS,
  EVENT_TYPES,
  FILLED_HEADER,
  RAW_SCHEMA_VERSION,
  ROW_HEADERS,
  encodeCurated,
  encodeEvent,
  partitionOf,
  type CuratedOrder,
  type OrderEvent,
} from '@order-up/schemas'
import { createGenerator } from '@order-up/producer'
import { VECTOR_IDS, loadVectors, recordOf, type Step } from '@order-up/schemas/vectors'
import type { TopicRecord } from '@order-up/kit'
import { compare, type Findings } from './compare.ts'
import { curatedLoader, deadLetterLoader, rawLoader } from './load.ts'
import { CLASSIFY, FOLD_IN_SQL } from './oracle.sql.ts'
import {
  CURATED_ID,
  CURATED_IDS,
  RAW_ID,
  RAW_IDS,
  outputsOf,
  type Outputs,
} from './outputs.fixture.ts'
import { Scratch } from './scratch.ts'
import { ROW_FIELDS } from './tables.ts'
import { WAREHOUSE } from './warehouse.ts'

const PARTITIONS = 3

async function verdictOn(
  { raw, curated, deadLetters, warehouse }: Outputs,
  until = Number.MAX_SAFE_INTEGER,
): Promise<Findings> {
  const db = await Scratch.open({ memory: '200MB', onDisk: false })
  try {
    const loaders = [
      [await rawLoader(db, RAW_IDS, PARTITIONS), raw],
      [await curatedLoader(db, CURATED_IDS), curated],
      [await deadLetterLoader(db), deadLetters],
    ] as const
    for (const [loader, records] of loaders) {
      for (const record of records) loader.add(record)
      loader.end()
    }
    const table = await db.table('warehouse', WAREHOUSE)
    for (const row of warehouse) table.add({ ...row })
    table.end()
    const due = Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      until,
      curatedFrom: 0,
    }))
    return await compare(db, { ids: RAW_IDS, partitions: PARTITIONS, due }, () => {})
  } finally {
    await db.close()
  }
}

const T = Date.UTC(2024, 0)
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

// few orders, ids and times, so that repetitions and ties are common; amounts and texts at and over their bounds
const amount = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 100_000 }), weight: 20 },
  fc.constantFrom(0, 1e12, 1e12 + 1, -1, Number.MAX_SAFE_INTEGER),
)
const text = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'b', 'é✓𝒳', 'nul\0nul'), weight: 20 },
  fc.constantFrom('', 'x'.repeat(1024), 'x'.repeat(1025), 'é'.repeat(513)),
)
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 2 })
const items = fc.array(
  fc.record({
    sku: text,
    quantity: fc.oneof(
      { arbitrary: fc.integer({ min: 1, max: 9 }), weight: 20 },
      fc.constantFrom(0, -1, 1e6, 1e6 + 1, 2 ** 31 - 1),
    ),
    unit_amount: amount,
  }),
  { maxLength: 3 },
)
const currency = fc.constantFrom('BRL', 'EUR', 'EUR', 'EUR', 'eur', 'EURO')
const payloads: Record<OrderEvent['event_type'], fc.Arbitrary<unknown>> = {
  ORDER_CREATED: fc.record({ customer_id: text, currency, items, shipping_amount: amount }),
  ORDER_UPDATED: fc.record({
    customer_id: optional(text),
    items: optional(items),
    shipping_amount: optional(amount),
  }),
  ORDER_PAID: fc.record({ payment_id: text, amount, method: text }),
  ORDER_SHIPPED: fc.record({ carrier: optional(text), tracking_number: optional(text) }),
  ORDER_DELIVERED: fc.record({ signed_by: optional(text) }),
  ORDER_CANCELLED: fc.record({ reason: text }),
  ORDER_REFUNDED: fc.record({ refund_id: text, amount, reason: optional(text) }),
}
const orderEvent: fc.Arbitrary<OrderEvent> = fc.constantFrom(...EVENT_TYPES).chain(
  (event_type) =>
    fc.record({
      event_id: fc.oneof(
        { arbitrary: fc.integer({ min: 0, max: 40 }).map(uuid), weight: 30 },
        fc.constantFrom('', uuid(1).toUpperCase().replace('8', 'A')),
      ),
      event_type: fc.constant(event_type),
      event_ts: fc.oneof(
        { arbitrary: fc.integer({ min: T, max: T + 5 }), weight: 30 },
        fc.constantFrom(Date.UTC(2000) - 1, Date.UTC(2000), Date.UTC(2100) - 1, Date.UTC(2100)),
      ),
      order_id: fc.oneof({ arbitrary: fc.constantFrom('o1', 'o2', 'o3'), weight: 20 }, text),
      payload: payloads[event_type],
      schema_version: fc.constantFrom(1, 1, 2, -5),
    }) as unknown as fc.Arbitrary<OrderEvent>,
)

/** An event's value with its bytes hurt somewhere, or no event at all. */
const value = fc.oneof(
  { arbitrary: orderEvent.map((event) => encodeEvent(event, RAW_ID)), weight: 6 },
  fc
    .tuple(orderEvent, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }))
    .map(([event, hits]) => {
      const bytes = Buffer.from(encodeEvent(event, RAW_ID))
      for (const [at, byte] of hits) bytes[at % bytes.length] = byte
      return bytes
    }),
  fc.tuple(orderEvent, fc.nat(), fc.uint8Array({ maxLength: 12 })).map(([event, at, extra]) => {
    const bytes = encodeEvent(event, RAW_ID)
    const cut = at % bytes.length
    return Buffer.concat([bytes.subarray(0, cut), extra, bytes.subarray(cut)])
  }),
  fc.tuple(orderEvent, fc.nat()).map(([event, at]) => {
    const bytes = encodeEvent(event, RAW_ID)
    return bytes.subarray(0, at % bytes.length)
  }),
  fc.tuple(orderEvent, fc.nat(8)).map(([event, type]) => {
    const bytes = Buffer.from(encodeEvent(event, RAW_ID))
    bytes[5 + 1 + 36] = type * 2 // the type's byte comes after the frame and the id
    return bytes
  }),
  fc.constant(null),
)

function recordsOf(values: readonly (Buffer | null)[], misplaced: (i: number) => boolean) {
  const next = Array.from({ length: PARTITIONS }, () => 0)
  return values.map((bytes, i): TopicRecord => {
    const key = keyOf(bytes)
    const partition = (partitionOf(key, PARTITIONS) + (misplaced(i) ? 1 : 0)) % PARTITIONS
    const headers: TopicRecord['headers'] = i % 2 ? { trace: Buffer.from([i % 256]) } : {}
    return { partition, offset: next[partition]!++, timestamp: 0, key, value: bytes, headers }
  })
}

/** The order id as it stands in most of these values, found without decoding them. */
function keyOf(bytes: Buffer | null): Buffer {
  const found = /\x04(o[123])/.exec(bytes?.toString('latin1') ?? '')
  return Buffer.from(found?.[1] ?? 'elsewhere')
}

test('the fold and SQL agree on every record and every row, on any events and any bytes', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { minLength: 300, maxLength: 600 }),
      fc.nat(),
      async (values, salt) => {
        const any = recordsOf(values, (i) => (i * 7 + salt) % 41 === 0)
        const raw = [...any, ...malformedOfEachReason()]
        const { counts, problems } = await verdictOn(outputsOf(raw, PARTITIONS))
        assert.deepEqual(problems, [])
        assert.equal(counts.raw, raw.length)
        assert.equal(counts.applied + counts.duplicate + counts.deadLetter, raw.length)
        for (const reason of Object.keys(counts.deadLetters)) seen.add(reason)
      },
    ),
    { numRuns: 25, endOnFailure: true },
  )
  assert.equal(seen.size, 15, [...seen].join())
})

/**
 * What the bytes above seldom reach, as a number beyond its range: agreement on a reason that never came would mean
 * nothing. At offsets of their own.
 */
function malformedOfEachReason(): TopicRecord[] {
  const generator = createGenerator({
    seed: 1,
    orders: Infinity,
    duplicates: 0,
    late: 0,
    malformed: 1,
    concurrent: 1,
    partitions: PARTITIONS,
    schemaId: RAW_ID,
  })
  return Array.from({ length: 300 }, (_, i): TopicRecord => {
    const { key, value, partition } = generator.next(T)!
    return { partition, offset: 1_000 + i, timestamp: 0, key, value, headers: {} }
  })
}

const VECTOR_SCHEMA_IDS = new Map([
  [VECTOR_IDS.known, RAW_SCHEMA_VERSION],
  [VECTOR_IDS.newer, RAW_SCHEMA_VERSION + 1],
])

test('SQL passes every vector of the contract', async () => {
  const db = await Scratch.open({ memory: '200MB', onDisk: false })
  try {
    for (const { name, steps } of loadVectors()) {
      const loader = await rawLoader(db, VECTOR_SCHEMA_IDS, steps[0]!.partitions)
      const records = steps.flatMap((step) =>
        Array.from({ length: step.times ?? 1 }, (_, i) => ({ step, ...recordOf(step, i) })),
      )
      const add = () => {
        for (const [offset, { key, value, partition }] of records.entries())
          loader.add({ partition, offset, timestamp: 0, key, value, headers: {} })
      }
      const stops = steps.some(({ expect }) => 'stopped' in expect)
      if (stops) assert.throws(add, { code: 'NEWER_SCHEMA' }, name)
      else add()
      loader.end()
      if (!stops) {
        await db.run('CREATE TABLE due AS SELECT DISTINCT p, 1000000::BIGINT AS until FROM raw')
        await db.run('CREATE TABLE shown (order_id VARCHAR, version BIGINT)')
        for (const sql of [...CLASSIFY, ...FOLD_IN_SQL]) await db.run(sql)
        await assertVector(
          db,
          name,
          records.map(({ step }) => step),
        )
      }
      for (const { table_name } of await db.rows('SELECT table_name FROM duckdb_tables()'))
        await db.run(`DROP TABLE ${String(table_name)}`)
    }
  } finally {
    await db.close()
  }
})

/** Every record's outcome, and of the rows the last of each order: SQL makes no others. */
async function assertVector(db: Scratch, name: string, steps: readonly Step[]) {
  const outcomes = await db.rows('SELECT outcome FROM sql_outcome ORDER BY o')
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    steps.map(({ expect }) =>
      'rejected' in expect ? expect.rejected : 'duplicate' in expect ? 'duplicate' : 'applied',
    ),
    name,
  )
  const expected = new Map(
    steps.flatMap(({ expect }) => ('row' in expect ? [[expect.row.order_id, expect.row]] : [])),
  )
  // as JSON: the binding drops a byte order mark at the beginning of a text
  const rows = await db.rows(
    `SELECT to_json(r)::VARCHAR AS row FROM (SELECT ${Object.keys(ROW_FIELDS).join(', ')} FROM sql_row) r`,
  )
  const found = new Map(
    rows.map(({ row }) => {
      const order = JSON.parse(String(row)) as CuratedOrder
      return [order.order_id, order]
    }),
  )
  assert.deepEqual(found, expected, name)
}

/** Two orders of five events each, with one repetition and two malformed records; all on their partitions. */
function sampleLog(): TopicRecord[] {
  const created = { customer_id: 'c', currency: 'EUR', items: [], shipping_amount: 5 }
  const paid = { payment_id: 'p', amount: 7, method: 'card' }
  const events = ['a', 'b'].flatMap((order_id, i) => [
    { order_id, event_type: 'ORDER_CREATED', payload: created, event_id: uuid(i * 10) },
    { order_id, event_type: 'ORDER_PAID', payload: paid, event_id: uuid(i * 10 + 1) },
    { order_id, event_type: 'ORDER_PAID', payload: paid, event_id: uuid(i * 10 + 1) },
    { order_id, event_type: 'ORDER_PAID', payload: paid, event_id: uuid(i * 10 + 2) },
    { order_id, event_type: 'ORDER_PAID', payload: { ...paid, amount: -1 }, event_id: uuid(9) },
  ])
  return events.map((event, offset): TopicRecord => {
    const key = Buffer.from(event.order_id)
    const value = encodeEvent(
      { ...event, event_ts: T + offset, schema_version: 1 } as OrderEvent,
      RAW_ID,
    )
    return {
      partition: partitionOf(key, PARTITIONS),
      offset,
      timestamp: 0,
      key,
      value,
      headers: {},
    }
  })
}

const sample = () => outputsOf(sampleLog(), PARTITIONS)

const checksOf = ({ problems }: Findings) => problems.map(({ check }) => check).toSorted()

test('a pipeline without faults has none', async () => {
  const { counts, problems } = await verdictOn(sample())
  assert.deepEqual(problems, [])
  assert.deepEqual(counts, {
    raw: 10,
    later: 0,
    applied: 6,
    duplicate: 2,
    deadLetter: 2,
    deadLetters: { invalid_amount: 2 },
    curated: 6,
    curatedAgain: 0,
    curatedFilled: 0,
    deadLetterRecords: 2,
    orders: 2,
    warehouse: 2,
  })
})

/** node-1 up to offset 2, then both, from 6 on flink-1, of which something came late from its shadow topics, even twice. */
function swapped(): Outputs {
  const { curated, deadLetters, ...rest } = outputsOf(sampleLog(), PARTITIONS, (offset) =>
    offset < 3 ? ['node-1'] : offset < 6 ? ['node-1', 'flink-1'] : ['flink-1'],
  )
  const row = curated.find(({ headers }) => headers[ROW_HEADERS.offset] === '6')!
  const letter = deadLetters.at(-1)!
  const twice = (record: TopicRecord) =>
    [98, 99].map((offset) => ({
      ...record,
      offset,
      headers: { ...record.headers, [FILLED_HEADER]: '3' },
    }))
  return {
    ...rest,
    curated: [...curated.filter((record) => record !== row), ...twice(row)],
    deadLetters: [...deadLetters.filter((record) => record !== letter), ...twice(letter)],
  }
}

test('two engines in turn, with an overlap and what was filled in, have no fault', async () => {
  const { counts, problems } = await verdictOn(swapped())
  assert.deepEqual(problems, [])
  const { curated, curatedAgain, curatedFilled, deadLetterRecords } = counts
  assert.deepEqual(
    { curated, curatedAgain, curatedFilled, deadLetterRecords },
    { curated: 9, curatedAgain: 3, curatedFilled: 2, deadLetterRecords: 4 },
  )
})

const at = <T>(list: readonly T[], i: number): T => list.at(i)!
const moved = (record: TopicRecord, header: string, value: string): TopicRecord => ({
  ...record,
  headers: { ...record.headers, [header]: value },
})

// each plants one fault and names every check that must see it
const FAULTS: Record<string, { plant: (o: Outputs) => Partial<Outputs>; seenBy: string[] }> = {
  'a row is missing in the warehouse': {
    plant: ({ warehouse }) => ({ warehouse: warehouse.slice(1) }),
    seenBy: ['warehouse', 'warehouse by SQL'],
  },
  'the warehouse holds an order that never was': {
    plant: ({ warehouse }) => ({
      warehouse: [...warehouse, { ...at(warehouse, 0), order_id: 'x' }],
    }),
    seenBy: ['warehouse', 'warehouse by SQL', 'warehouse engine'],
  },
  'one amount is wrong': {
    plant: ({ warehouse: [first, ...rest] }) => ({
      warehouse: [{ ...first!, paid_amount: first!.paid_amount + 1 }, ...rest],
    }),
    seenBy: ['warehouse', 'warehouse by SQL'],
  },
  'a null became a zero': {
    plant: ({ warehouse: [first, ...rest] }) => ({
      warehouse: [{ ...first!, shipped_at: 0 }, ...rest],
    }),
    seenBy: ['warehouse', 'warehouse by SQL'],
  },
  'the lineage is wrong': {
    plant: ({ warehouse: [first, ...rest] }) => ({
      warehouse: [{ ...first!, raw_offset: first!.raw_offset - 1 }, ...rest],
    }),
    seenBy: ['warehouse', 'warehouse by SQL'],
  },
  'the warehouse names another engine': {
    plant: ({ warehouse: [first, ...rest] }) => ({
      warehouse: [{ ...first!, engine: 'x' }, ...rest],
    }),
    seenBy: ['warehouse engine'],
  },
  'the warehouse stopped at an older version': {
    plant: ({ warehouse, raw }) => ({
      warehouse: [outputsOf(raw.slice(0, 3), PARTITIONS).warehouse[0]!, ...warehouse.slice(1)],
    }),
    seenBy: ['warehouse', 'warehouse by SQL'],
  },
  'an order is there twice': {
    plant: ({ warehouse }) => ({ warehouse: [...warehouse, at(warehouse, 0)] }),
    seenBy: ['warehouse keys'],
  },
  'a curated row is missing': {
    plant: ({ curated }) => ({ curated: curated.toSpliced(1, 1) }),
    seenBy: ['curated complete'],
  },
  'a curated row is there twice': {
    plant: ({ curated }) => ({ curated: [...curated, { ...at(curated, -1), offset: 99 }] }),
    seenBy: ['curated once'],
  },
  'two curated rows changed places': {
    plant: ({ curated: [a, b, ...rest] }) => ({
      curated: [{ ...b!, offset: a!.offset }, { ...a!, offset: b!.offset }, ...rest],
    }),
    seenBy: ['curated order'],
  },
  'a curated row has other bytes': {
    plant: ({ curated: [first, ...rest], warehouse }) => {
      const row = { ...at(warehouse, 0), version: 1 }
      return { curated: [{ ...first!, value: encodeCurated(row, CURATED_ID) }, ...rest] }
    },
    seenBy: ['curated rows'],
  },
  'a curated row is of a version that no event gives': {
    plant: ({ curated, warehouse }) => {
      const row = { ...at(warehouse, -1), version: 9 }
      const value = encodeCurated(row, CURATED_ID)
      return { curated: [...curated, { ...at(curated, -1), offset: 99, value }] }
    },
    seenBy: ['curated rows'],
  },
  'a curated record is no row': {
    plant: ({ curated }) => ({
      curated: [...curated, { ...at(curated, -1), offset: 99, value: Buffer.from('no') }],
    }),
    seenBy: ['curated rows'],
  },
  'a curated row lies under another key': {
    plant: ({ curated: [first, ...rest] }) => ({
      curated: [{ ...first!, key: Buffer.from('x') }, ...rest],
    }),
    seenBy: ['curated rows'],
  },
  'a curated row lies on another partition': {
    plant: ({ curated: [first, ...rest] }) => ({
      curated: [{ ...first!, partition: (first!.partition + 1) % PARTITIONS }, ...rest],
    }),
    seenBy: ['curated rows'],
  },
  'a curated row tells a wrong offset': {
    plant: ({ curated: [first, ...rest] }) => ({
      curated: [moved(first!, ROW_HEADERS.offset, '7'), ...rest],
    }),
    seenBy: ['curated rows'],
  },
  'a dead letter is missing': {
    plant: ({ deadLetters }) => ({ deadLetters: deadLetters.slice(1) }),
    seenBy: ['dead letters complete'],
  },
  'a dead letter is there twice': {
    plant: ({ deadLetters }) => ({
      deadLetters: [...deadLetters, { ...at(deadLetters, 0), offset: 99 }],
    }),
    seenBy: ['dead letters once'],
  },
  'a dead letter gives another reason': {
    plant: ({ deadLetters: [first, ...rest] }) => ({
      deadLetters: [moved(first!, DLQ_HEADERS.reason, 'framing'), ...rest],
    }),
    seenBy: ['dead letters'],
  },
  'a dead letter lost its value': {
    plant: ({ deadLetters: [first, ...rest] }) => ({
      deadLetters: [{ ...first!, value: null }, ...rest],
    }),
    seenBy: ['dead letters'],
  },
  'a dead letter gained a header': {
    plant: ({ deadLetters: [first, ...rest] }) => ({
      deadLetters: [moved(first!, 'x', 'y'), ...rest],
    }),
    seenBy: ['dead letters'],
  },
  'an applied event has a dead letter': {
    plant: ({ deadLetters }) => ({
      deadLetters: [
        ...deadLetters,
        moved({ ...at(deadLetters, 0), offset: 99 }, DLQ_HEADERS.offset, '0'),
      ],
    }),
    seenBy: ['dead letters'],
  },
}

/** Planted in what two engines wrote in turn. */
const FAULTS_OF_SWAPS: typeof FAULTS = {
  'the second engine wrote another row': {
    plant: ({ curated, warehouse }) => ({
      curated: changeFirst(curated, isOf('flink-1'), (record) => ({
        ...record,
        value: encodeCurated({ ...at(warehouse, 0), version: 1 }, CURATED_ID),
      })),
    }),
    seenBy: ['curated rows'],
  },
  'what was filled in is another row': {
    plant: ({ curated, warehouse }) => ({
      curated: changeFirst(curated, wasFilled, (record) => ({
        ...record,
        value: encodeCurated({ ...at(warehouse, 1), paid_amount: 1 }, CURATED_ID),
      })),
    }),
    seenBy: ['curated rows'],
  },
  'what had to be filled in is missing': {
    plant: ({ curated }) => ({ curated: curated.filter((record) => !wasFilled(record)) }),
    seenBy: ['curated complete'],
  },
  'one of two engines wrote a row twice': {
    plant: ({ curated }) => ({
      curated: [...curated, { ...curated.find(isOf('flink-1'))!, offset: 50 }],
    }),
    seenBy: ['curated once'],
  },
  'the warehouse names the engine that had given the order up': {
    plant: ({ warehouse: [first, second] }) => ({
      warehouse: [first!, { ...second!, engine: 'node-1' }],
    }),
    seenBy: ['warehouse engine'],
  },
  'a dead letter that was filled in lost its value': {
    plant: ({ deadLetters }) => ({
      deadLetters: changeFirst(deadLetters, wasFilled, (record) => ({ ...record, value: null })),
    }),
    seenBy: ['dead letters'],
  },
}

const isOf =
  (engine: string) =>
  ({ headers }: TopicRecord) =>
    headers[ROW_HEADERS.engine] === engine
const wasFilled = ({ headers }: TopicRecord) => FILLED_HEADER in headers

function changeFirst(
  records: readonly TopicRecord[],
  isOne: (record: TopicRecord) => boolean,
  change: (record: TopicRecord) => TopicRecord,
): TopicRecord[] {
  const i = records.findIndex(isOne)
  return records.with(i, change(records[i]!))
}

const ALL_FAULTS = [
  ...Object.entries(FAULTS).map(([name, fault]) => ({ name, ...fault, pipeline: sample })),
  ...Object.entries(FAULTS_OF_SWAPS).map(([name, fault]) => ({
    name,
    ...fault,
    pipeline: swapped,
  })),
]

for (const { name, plant, seenBy, pipeline } of ALL_FAULTS)
  test(`it is seen that ${name}`, async () => {
    const outputs = pipeline()
    const findings = await verdictOn({ ...outputs, ...plant(outputs) })
    assert.deepEqual(checksOf(findings), seenBy.toSorted())
    for (const { count, examples } of findings.problems) assert.equal(examples.length, count)
  })

test('while the pipeline runs, what came after the start may be there or not, but never wrong', async () => {
  const { raw, ...all } = sample()
  const early = outputsOf(raw.slice(0, 4), PARTITIONS)
  const until = 4 // the first order's applied events, none of the second's
  assert.deepEqual((await verdictOn({ ...early, raw }, until)).problems, [])
  assert.deepEqual((await verdictOn({ ...all, raw }, until)).problems, [])
  // curated is read before the warehouse, which may then be further on
  assert.deepEqual(
    (await verdictOn({ ...early, warehouse: all.warehouse, raw }, until)).problems,
    [],
  )
  const [first, second] = all.warehouse
  const wrong = [first!, { ...second!, paid_amount: 1 }]
  assert.deepEqual(checksOf(await verdictOn({ ...all, raw, warehouse: wrong }, until)), [
    'warehouse',
    'warehouse by SQL',
  ])
})
