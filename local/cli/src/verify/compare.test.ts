import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  DLQ_HEADERS,
  EVENT_TYPES,
  ROW_HEADERS,
  encodeEvent,
  partitionOf,
  type OrderEvent,
} from '@order-up/schemas'
import type { TopicRecord } from '@order-up/kit'
import { compare, type Findings } from './compare.ts'
import { curatedLoader, deadLetterLoader, rawLoader } from './load.ts'
import { CURATED_IDS, RAW_ID, RAW_IDS, outputsOf, type Outputs } from './outputs.fixture.ts'
import { Scratch } from './scratch.ts'
import { WAREHOUSE } from './tables.ts'

const PARTITIONS = 3

async function verdictOn(
  { raw, curated, deadLetters, warehouse }: Outputs,
  until = Number.MAX_SAFE_INTEGER,
): Promise<Findings> {
  const db = await Scratch.open('200MB')
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
  fc.constant(null),
)

function recordsOf(values: readonly (Buffer | null)[], misplaced: (i: number) => boolean) {
  const next = new Array<number>(PARTITIONS).fill(0)
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
        const raw = recordsOf(values, (i) => (i * 7 + salt) % 41 === 0)
        const { counts, problems } = await verdictOn(outputsOf(raw, PARTITIONS))
        assert.deepEqual(problems, [])
        assert.equal(counts.raw, raw.length)
        assert.equal(counts.applied + counts.duplicate + counts.deadLetter, raw.length)
        for (const reason of Object.keys(counts.deadLetters)) seen.add(reason)
      },
    ),
    { numRuns: 25, endOnFailure: true },
  )
  // the generator reaches every reason: otherwise agreement on it would mean nothing
  assert.equal(seen.size, 15, [...seen].join())
})
