import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCurated, encodeEvent, type CuratedOrder, type OrderEvent } from '@order-up/schemas'
import fc from 'fast-check'
import { fromReport, type Begin, type Topics } from './begin.ts'
import { Comparison, type Subject } from './comparison.ts'
import type { Cursor } from '@order-up/kit'
import { countsFrom, type Pair, type SideIndex } from './lane.ts'
import { encodeBatch, type BatchRecord } from '@order-up/kit/testing'
import { Report } from './report.ts'

const NAMES = ['flink-1', 'node-1'] as const
const IDS = new Map([[2, 1]])
const RAW_ID = 9
const topicsOf = (side: SideIndex): Topics => ({
  row: ['curated', `shadow ${side}`],
  'dead letter': ['dlq', `shadow dlq ${side}`],
})
const SUBJECT: Subject = {
  names: NAMES,
  artifacts: ['a', 'b'],
  raw: new Map([[RAW_ID, 1]]),
  curated: IDS,
  unregistered: new Set(),
  schemaIds: { raw: [RAW_ID], curated: [2] },
  topics: [topicsOf(0), topicsOf(1)],
}
const LIMITS = { floorRows: 1, floorOrders: 1, lagBound: 0, stallMs: 1e9, maxHeldRows: 80 }

/** One partition of some topics, as a broker would answer. */
class Broker {
  readonly #batches = new Map<string, { end: number; bytes: Buffer }[]>()
  readonly #ends = new Map<string, number>()

  append(topic: string, records: BatchRecord[]): void {
    if (records.length === 0) return
    const base = this.#ends.get(topic) ?? 0
    const end = base + records.length
    const list = this.#batches.get(topic) ?? []
    list.push({ end, bytes: encodeBatch({ base, records }) })
    this.#batches.set(topic, list)
    this.#ends.set(topic, end)
  }

  end = (topic: string) => this.#ends.get(topic) ?? 0

  answer(cursor: Cursor, askedAt: number, batches: number): void {
    const high = this.end(cursor.topic)
    const all = (this.#batches.get(cursor.topic) ?? []).filter(({ end }) => end > cursor.position)
    const bytes = Buffer.concat(all.slice(0, batches).map(({ bytes }) => bytes))
    cursor.take({ askedAt, high, stable: high, aborted: [], batches: bytes })
  }
}

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const event = (n: number): OrderEvent =>
  ({
    event_id: uuid(n),
    event_type: n % 2 ? 'ORDER_PAID' : 'ORDER_CANCELLED',
    event_ts: Date.UTC(2026),
    order_id: `o-${n % 50}`,
    payload: n % 2 ? { payment_id: 'p', amount: 1, method: 'm' } : { reason: 'r' },
    schema_version: 1,
  }) as OrderEvent
const row = (n: number): CuratedOrder => ({
  order_id: `o-${n % 50}`,
  status: 'PAID',
  customer_id: null,
  currency: null,
  item_count: null,
  items_amount: null,
  shipping_amount: null,
  total_amount: null,
  paid_amount: n,
  refunded_amount: 0,
  created_at: null,
  paid_at: null,
  shipped_at: null,
  delivered_at: null,
  cancelled_at: null,
  refunded_at: null,
  first_event_ts: 1,
  last_event_ts: 1,
  version: n + 1,
  last_event_id: 'e',
  schema_version: 1,
})
const text = (value: string | number) => Buffer.from(String(value))
const key = (n: number) => text(`o-${n % 50}`)
const rowRecord = (side: SideIndex, n: number, of = row(n)): BatchRecord => ({
  key: key(n),
  value: encodeCurated(of, 2),
  headers: [
    ['engine', text(NAMES[side])],
    ['raw-partition', text(0)],
    ['raw-offset', text(n)],
  ],
})
const letterRecord = (side: SideIndex, n: number): BatchRecord => ({
  key: null,
  value: text(n),
  headers: [
    ['dlq-reason', text('framing')],
    ['dlq-engine', text(NAMES[side])],
    ['dlq-partition', text(0)],
    ['dlq-offset', text(n)],
  ],
})

interface Plan {
  /** one of each raw record */
  outcomes: readonly ('row' | 'duplicate' | 'dead letter')[]
  /** raw offsets, by what is wrong there with the second side's */
  faults: ReadonlyMap<number, 'changed' | 'lacking' | 'twice'>
  /** the first side owns the orders whose number is below this, of ten */
  share: number
  /** how far the first side's rows are out of order */
  disorder: number
}

const COUNT = 250
const plan: fc.Arbitrary<Plan> = fc.record({
  outcomes: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constant('row' as const) },
      { weight: 1, arbitrary: fc.constantFrom('duplicate' as const, 'dead letter' as const) },
    ),
    { minLength: COUNT, maxLength: COUNT },
  ),
  faults: fc
    .array(fc.tuple(fc.nat(COUNT - 1), fc.constantFrom('changed', 'lacking', 'twice')), {
      maxLength: 3,
    })
    .map((list) => new Map(list) as Plan['faults']),
  share: fc.nat(10),
  disorder: fc.nat(25),
})

/** The two engines, each as far as it has come. */
class Engines {
  readonly done: Pair<number> = [0, 0]
  readonly #plan: Plan
  readonly #broker: Broker
  readonly #random: () => number

  constructor(plan: Plan, broker: Broker, random: () => number) {
    this.#plan = plan
    this.#broker = broker
    this.#random = random
    const raw = Array.from({ length: COUNT }, (_, n) => ({
      key: key(n),
      value: encodeEvent(event(n), RAW_ID),
      headers: [],
    }))
    broker.append('orders.events.raw', raw)
  }

  advance(side: SideIndex, records: number): void {
    const { outcomes, faults, share, disorder } = this.#plan
    const from = this.done[side]
    const to = Math.min(COUNT, from + records)
    const out = new Map<string, { at: number; record: BatchRecord }[]>()
    for (let n = from; n < to; n++) {
      const own = n % 10 < share === (side === 0)
      const fault = side === 1 ? faults.get(n) : undefined
      if (outcomes[n] === 'duplicate' || fault === 'lacking') continue
      const isRow = outcomes[n] === 'row'
      const kind = isRow ? 'row' : 'dead letter'
      const topic = topicsOf(side)[kind][own ? 0 : 1]!
      const changed = fault === 'changed' && isRow
      const record = isRow
        ? rowRecord(side, n, changed ? { ...row(n), paid_amount: n + 1 } : row(n))
        : letterRecord(side, n)
      const at = n + (side === 0 ? this.#random() % (disorder + 1) : 0)
      const list = out.get(topic) ?? []
      list.push({ at, record })
      if (fault === 'twice') list.push({ at, record })
      out.set(topic, list)
    }
    for (const [topic, list] of out)
      this.#broker.append(
        topic,
        list.toSorted((a, b) => a.at - b.at).map(({ record }) => record),
      )
    this.done[side] = to
  }
}

function expectedOf({ outcomes, faults }: Plan) {
  const none = { 'flink-1': 0, 'node-1': 0 }
  const kinds = { row: [0, 0, 0, 0], 'dead letter': [0, 0, 0, 0] }
  for (const [n, outcome] of outcomes.entries()) {
    if (outcome === 'duplicate') continue
    const counts = kinds[outcome]
    const fault = faults.get(n)
    if (fault === 'lacking') counts[2]!++
    else if (fault === 'changed' && outcome === 'row') counts[1]!++
    else counts[0]!++
    if (fault === 'twice') counts[3]!++
  }
  const of = ([equal, different, lacking, twice]: number[]) => ({
    equal,
    different,
    onlyIn: { ...none, 'flink-1': lacking },
    twice: { ...none, 'node-1': twice },
  })
  return { rows: of(kinds.row), deadLetters: of(kinds['dead letter']) }
}

const fromStart = (): Begin => {
  const at = { from: 0, seen: 0 }
  const positions = (side: SideIndex) =>
    new Map(
      Object.values(topicsOf(side))
        .flat()
        .map((topic: string) => [topic, [at]]),
    )
  return {
    lanes: { row: [countsFrom(0)], 'dead letter': [countsFrom(0)] },
    positions: [positions(0), positions(1)],
    raw: [0],
  }
}

test('however two engines and the reading of what they write take turns, and however often the comparer is killed', () => {
  fc.assert(
    fc.property(plan, fc.nat(), (plan, seed) => {
      let state = seed
      const random = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) >>> 8
      const broker = new Broker()
      const engines = new Engines(plan, broker, random)
      let comparison = new Comparison(SUBJECT, LIMITS, fromStart(), undefined)
      let saved: Report | undefined
      let now = 1
      const progress = () => {
        const lag = (side: SideIndex) => ({ records: COUNT - engines.done[side], idleMs: 0 })
        const committed: Pair<number[]> = [[engines.done[0]], [engines.done[1]]]
        comparison.progressed({ lags: [lag(0), lag(1)], committed, at: ++now })
      }
      const read = (cursors: readonly Cursor[], batches: number) => {
        for (const cursor of cursors) if (!cursor.isPaused()) broker.answer(cursor, ++now, batches)
      }
      const all = () => [
        ...comparison.cursors[0],
        ...comparison.cursors[1],
        ...comparison.rawCursors,
      ]
      const steps = [
        () => engines.advance(0, random() % 40),
        () => engines.advance(1, random() % 40),
        () => read([all()[random() % all().length]!], 1 + (random() % 3)),
        () => read(all(), 1),
        progress,
        () => {
          saved = Report.parse(JSON.parse(JSON.stringify(comparison.report(++now))))
        },
        () => {
          if (saved && random() % 3 === 0)
            comparison = new Comparison(SUBJECT, LIMITS, fromReport(saved), saved)
        },
      ]
      for (let i = 0; i < 150; i++) steps[random() % steps.length]!()
      engines.advance(0, COUNT)
      engines.advance(1, COUNT)
      for (let i = 0; i < 200; i++) {
        progress()
        read(all(), 1)
      }
      comparison.report(++now)
      const report = Report.parse(JSON.parse(JSON.stringify(comparison.report(++now))))

      const { rows, deadLetters, comparison: reading, covered, seen } = report
      assert.deepEqual({ rows, deadLetters }, expectedOf(plan))
      assert.deepEqual([reading, covered], [{ behind: 0, held: 0 }, [{ from: 0, to: COUNT }]])
      assert.deepEqual(seen.rawEventTypes, ['ORDER_CANCELLED', 'ORDER_PAID'])
      assert.deepEqual(seen.eventTypes, seen.rawEventTypes)
      const faults = rows.different + rows.onlyIn['flink-1']! + rows.twice['node-1']!
      const letters = deadLetters.onlyIn['flink-1']! + deadLetters.twice['node-1']!
      assert.equal(report.verdict, faults + letters > 0 ? 'FAIL' : 'PASS', report.reason)
      assert.deepEqual(
        new Set(report.differences.map(({ offset }) => offset)).size,
        faults + letters,
      )
    }),
    { numRuns: 25, endOnFailure: true },
  )
})
