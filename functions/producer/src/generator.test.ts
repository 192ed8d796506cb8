import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENT_TYPES, REASONS, decodeRaw, type OrderEvent } from '@order-up/schemas'
import fc from 'fast-check'
import { createGenerator, type Generated, type GeneratorOptions } from './generator.ts'

const SCHEMA_ID = 3
const IDS = new Map([[SCHEMA_ID, 1]])
const NOW = Date.UTC(2026, 0, 1)
const OPTIONS: GeneratorOptions = {
  seed: 1,
  orders: 500,
  duplicates: 0,
  late: 0,
  malformed: 0,
  concurrent: 50,
  partitions: 4,
  schemaId: SCHEMA_ID,
}

/** All records, one a millisecond. */
function generate(options: Partial<GeneratorOptions>): Generated[] {
  const generator = createGenerator({ ...OPTIONS, ...options })
  const records: Generated[] = []
  for (let now = NOW; ; now++) {
    const next = generator.next(now)
    if (!next) return records
    records.push(next)
  }
}

function eventOf(record: Generated, partitions = OPTIONS.partitions): OrderEvent {
  const decoded = decodeRaw(record, IDS, partitions)
  assert.equal(decoded.kind, 'event', JSON.stringify(decoded))
  return (decoded as { event: OrderEvent }).event
}

const byOrder = (events: OrderEvent[]) => Map.groupBy(events, ({ order_id }) => order_id)

test('engines accept what is well formed, and reject the rest for the reason it was given', () => {
  const share = fc.double({ min: 0, max: 0.4, noNaN: true })
  const options = fc.record({
    seed: fc.maxSafeInteger(),
    orders: fc.integer({ min: 1, max: 40 }),
    duplicates: share,
    late: share,
    malformed: share,
    concurrent: fc.integer({ min: 1, max: 60 }),
    partitions: fc.integer({ min: 1, max: 12 }),
  })
  fc.assert(
    fc.property(options, (o) => {
      for (const record of generate(o)) {
        const decoded = decodeRaw(record, IDS, o.partitions)
        if (decoded.kind === 'rejected') assert.equal(decoded.reason, record.reason)
        else assert.equal(record.reason, null, `a ${record.reason} was accepted`)
      }
    }),
  )
})

test('every reason of the contract comes up', () => {
  const reasons = new Set(generate({ malformed: 0.5 }).map(({ reason }) => reason))
  reasons.delete(null)
  assert.deepEqual(reasons, new Set<string | null>(REASONS))
})

test('seed and times decide every byte', () => {
  const options = { duplicates: 0.1, late: 0.1, malformed: 0.1 }
  assert.deepEqual(generate(options), generate(options))
  assert.notDeepEqual(generate(options), generate({ ...options, seed: 2 }))
})

test('the shares are those asked for', () => {
  const records = generate({ orders: 5_000, duplicates: 0.1, late: 0.2, malformed: 0.05 })
  const count = (kind: string) => records.filter((r) => r.kind === kind).length
  const near = (found: number, asked: number) =>
    assert.ok(Math.abs(found / asked - 1) < 0.1, `${found} for ${asked}`)
  near(count('duplicate') / records.length, 0.1)
  near(count('malformed') / records.length, 0.05)
  near(count('late') / (count('late') + count('event')), 0.2)
})

test('a duplicate repeats an earlier record, and nothing else repeats', () => {
  const seen = new Map<string, Generated>()
  for (const record of generate({ duplicates: 0.3, late: 0.1 })) {
    const { event_id } = eventOf(record)
    const before = seen.get(event_id)
    assert.equal(before !== undefined, record.kind === 'duplicate')
    if (before) assert.deepEqual({ ...record, kind: before.kind }, before)
    seen.set(event_id, record)
  }
})

test('a late event comes after a later one of its order, every other in the order of time', () => {
  const newest = new Map<string, number>()
  for (const record of generate({ late: 0.3 })) {
    const { order_id, event_ts } = eventOf(record)
    const before = newest.get(order_id) ?? 0
    if (record.kind === 'late') assert.ok(event_ts < before, `${event_ts} is not before ${before}`)
    else assert.ok(event_ts > before)
    newest.set(order_id, Math.max(before, event_ts))
  }
})

test('a late event is one of its order, not one more', () => {
  const life = ['CREATED', 'UPDATED', 'UPDATED', 'PAID', 'SHIPPED', 'DELIVERED']
  const events = generate({ late: 0.3, eventsPerOrder: life.length }).map((r) => eventOf(r))
  const rank = (event: OrderEvent) => EVENT_TYPES.indexOf(event.event_type)
  for (const lived of byOrder(events).values())
    assert.deepEqual(
      lived.toSorted((a, b) => rank(a) - rank(b)).map(({ event_type }) => event_type),
      life.map((type) => `ORDER_${type}`),
    )
})

test('orders live: created first, as many as asked for, and in several ways', () => {
  const orders = byOrder(generate({ orders: 2_000 }).map((r) => eventOf(r)))
  assert.equal(orders.size, 2_000)
  const lives = new Set<string>()
  const currencies = new Set<string>()
  for (const events of orders.values()) {
    const [first] = events
    assert.equal(first?.event_type, 'ORDER_CREATED')
    if (first?.event_type === 'ORDER_CREATED') currencies.add(first.payload.currency)
    lives.add(events.map(({ event_type }) => event_type.slice(6, 9)).join(' '))
  }
  for (const life of ['CRE PAI SHI DEL', 'CRE UPD PAI SHI DEL', 'CRE CAN', 'CRE PAI CAN REF'])
    assert.ok(lives.has(life), `no order lived ${life}`)
  assert.ok(currencies.size >= 4)
})

test('what is paid is what the order came to, updates included', () => {
  for (const events of byOrder(generate({}).map((r) => eventOf(r))).values()) {
    let items = 0
    let shipping = 0
    for (const { event_type, payload } of events) {
      if (event_type === 'ORDER_CREATED' || event_type === 'ORDER_UPDATED') {
        if (payload.items)
          items = payload.items.reduce((sum, i) => sum + i.quantity * i.unit_amount, 0)
        shipping = payload.shipping_amount ?? shipping
      }
      if (event_type === 'ORDER_PAID') assert.equal(payload.amount, items + shipping)
    }
  }
})

test('eventsPerOrder gives every order exactly so many events', () => {
  for (const eventsPerOrder of [1, 2, 4, 25]) {
    const orders = byOrder(generate({ orders: 20, eventsPerOrder }).map((r) => eventOf(r)))
    for (const events of orders.values()) assert.equal(events.length, eventsPerOrder)
  }
})

test('so many orders are under way at once', () => {
  const records = generate({ concurrent: 10, eventsPerOrder: 5 })
  const left = new Map<string, number>()
  let most = 0
  for (const record of records) {
    const { order_id } = eventOf(record)
    const remaining = (left.get(order_id) ?? 5) - 1
    if (remaining === 0) left.delete(order_id)
    else left.set(order_id, remaining)
    most = Math.max(most, left.size)
  }
  assert.equal(most, 10)
})
