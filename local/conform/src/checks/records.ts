import { REASONS, type OrderEvent, type Reason } from '@order-up/schemas'
import { loadVectors } from '@order-up/schemas/vectors'
import type { IHeaders } from 'kafkajs'
import type { Bench } from '../bench.ts'
import { Failed, type Check } from '../check.ts'
import type { RawEntry } from '../ledger.ts'
import { entryOf, generated, tyingEvent } from '../raw-records.ts'
import { stops, vectorLog } from '../vector-log.ts'
import { inTransaction, writeAborted } from './transactions.ts'

const T = Date.UTC(2026, 0, 2)

export const vectors: Check = {
  name: 'vectors',
  about:
    'every vector of schemas/vectors gives the row, the duplicate or the rejection that it says',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const log = vectorLog(
      loadVectors().filter((vector) => !stops(vector)),
      bench.target,
    )
    await bench.write(log)
    try {
      await bench.judge()
    } catch (error) {
      if (!(error instanceof Failed)) throw error
      throw new Failed(...namesOfVectors(bench, log, error.problems))
    }
  },
}

/** Says of each problem which vector's record it is about. */
function namesOfVectors(
  bench: Bench,
  log: readonly (RawEntry & { vector: string; step: number })[],
  problems: readonly string[],
): string[] {
  const content = (entry: Pick<RawEntry, 'key' | 'value' | 'partition'>) =>
    `${entry.partition} ${entry.key?.toString('hex')} ${entry.value?.toString('latin1')}`
  const byContent = new Map(log.map((entry) => [content(entry), entry]))
  return problems.map((problem) => {
    const place = /^raw (\d+\/\d+)/.exec(problem)?.[1]
    const record = place === undefined ? undefined : bench.judging.truth.expected.get(place)?.record
    const entry = record && byContent.get(content(record))
    return entry ? `vector "${entry.vector}", step ${entry.step}: ${problem}` : problem
  })
}

export const duplicates: Check = {
  name: 'duplicates',
  about:
    'an event_id already applied to the order changes nothing and emits nothing; the first in raw wins, whatever the content',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const log: RawEntry[] = []
    for (let i = 0; i < 60; i++) {
      const first = tyingEvent(bench.random, `duplicate-${bench.random.hex(1)}-${i}`, T)
      const other = {
        ...tyingEvent(bench.random, first.order_id, T + 10),
        event_id: first.event_id,
      }
      // of another order it is another event
      const neighbour = { ...other, order_id: `${first.order_id}-neighbour` }
      const last = {
        ...tyingEvent(bench.random, first.order_id, T - 10),
        event_id: bench.random.uuid(),
      }
      for (const event of [first, first, other, neighbour, last, first, other, last])
        log.push(entryOf(event, bench.target))
    }
    await bench.write(log)
    await bench.judge()
  },
}

export const ties: Check = {
  name: 'late-and-ties',
  about:
    'each fact is that of the event greatest by (event_ts, lifecycle rank, event_id), in whatever order they come',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const log: RawEntry[] = []
    for (let i = 0; i < 150; i++) {
      const order = `tie-${bench.random.hex(1)}-${i}`
      for (let n = 0; n < 12; n++)
        log.push(entryOf(tyingEvent(bench.random, order, T), bench.target))
    }
    // of one time and one type, so that the id alone decides: differing in each nibble, either way round
    for (let at = 0; at < 36; at++)
      for (const digits of ['79', '97', '8f', 'f8', '0a', 'a0']) {
        const order = `nibble-${bench.random.hex(1)}-${at}-${digits}`
        for (const digit of digits) {
          const id = '10000000-0000-4000-8000-000000000000'
          if (id[at] === '-') continue
          const event_id = id.slice(0, at) + digit + id.slice(at + 1)
          log.push(entryOf(updated(order, event_id, `c-${digit}`), bench.target))
        }
      }
    await bench.write(log)
    await bench.judge()
  },
}

const updated = (order_id: string, event_id: string, customer_id: string): OrderEvent => ({
  event_id,
  event_type: 'ORDER_UPDATED',
  event_ts: T,
  order_id,
  payload: { customer_id, items: null, shipping_amount: null },
  schema_version: 1,
})

export const rejections: Check = {
  name: 'rejections',
  about:
    'malformed → dead letter with the first reason in the contract’s order, on the same partition, nothing lost',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const mix = {
      seed: bench.random.uint32(),
      orders: 1,
      duplicates: 0,
      late: 0,
      malformed: 0.999_999,
    }
    const log: RawEntry[] = []
    const missing = new Set<Reason>(REASONS)
    for (const entry of generated(mix, bench.target, Date.now)) {
      log.push(entry)
      if (entry.meaning.is === 'rejected') missing.delete(entry.meaning.reason)
      if (log.length >= 300 && missing.size === 0) break
    }
    for (let partition = 0; partition < bench.target.partitions; partition++)
      log.push(
        { key: null, value: null, partition, meaning: { is: 'rejected', reason: 'null_value' } },
        {
          key: Buffer.alloc(0),
          value: Buffer.alloc(0),
          partition,
          meaning: { is: 'rejected', reason: 'framing' },
        },
        {
          key: Buffer.of(0xff, 0x00, 0xc3),
          value: null,
          partition,
          meaning: { is: 'rejected', reason: 'null_value' },
        },
        {
          key: Buffer.from('k'),
          value: Buffer.alloc(900_000, 0x7a),
          partition,
          meaning: { is: 'rejected', reason: 'framing' },
        },
      )
    await bench.write(log)
    await bench.judge()
  },
}

/** kafkajs's types know of no null values; raw may have them, and the kit's kafkajs writes them. */
const HEADERS = [
  { trace: 'abc', empty: '' },
  { again: ['1', '2', '1'], between: 'x' },
  { nothing: null, 'nothing-twice': [null, null], mixed: ['1', null, ''] },
  { binary: Buffer.of(0, 0xff, 0xfe, 0x80), 'ü\u{1f4e6}': 'name' },
  {
    'dlq-reason': 'old',
    'dlq-detail': ['old', 'older'],
    'dlq-offset': '9',
    'dlq-topic': 'old',
    'dlq-engine': Buffer.of(1),
    'dlq-partition': '7',
    'dlq-other': 'stays',
  },
  { engine: 'x', 'raw-partition': '9', 'raw-offset': '1' },
] as unknown as readonly IHeaders[]

export const headers: Check = {
  name: 'headers',
  about:
    'a dead letter has the raw record’s own headers untouched and six of its own; a row has exactly its three',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const log = HEADERS.flatMap((headers, i): RawEntry[] => {
      const event = tyingEvent(bench.random, `header-${bench.random.hex(1)}-${i}`, T)
      const sound = entryOf(event, bench.target, headers)
      const broken = { ...sound, value: sound.value!.subarray(0, 20) }
      return [sound, { ...broken, meaning: { is: 'rejected', reason: 'not_decodable' } }]
    })
    await bench.write(log)
    await bench.judge()
  },
}

export const aborted: Check = {
  name: 'aborted',
  about:
    'every reader of raw is read_committed: what was aborted is never seen, and nothing before a transaction ends',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const events = (count: number) =>
      Array.from({ length: count }, () =>
        entryOf(tyingEvent(bench.random, `transaction-${bench.random.hex(2)}`, T), bench.target),
      )
    for (let round = 0; round < 3; round++) {
      const committed = events(20)
      for (const entry of committed) bench.ledger.note(entry)
      await bench.write(events(10))
      await inTransaction(bench, committed, async (transaction) => {
        await bench.write(events(10)) // behind the open one: nobody may see these yet either
        await transaction.commit()
      })
      for (let p = 0; p < bench.target.partitions; p++) await writeAborted(bench, p)
    }
    await bench.judge()
  },
}

export const committedOffsets: Check = {
  name: 'committed-offsets',
  about:
    'a gate can read how far the engine is, on idle and on empty partitions and where raw ends in markers',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    // one partition alone gets records, ends in an aborted transaction, then gets one record more
    const busy = bench.random.below(bench.target.partitions)
    const events: RawEntry[] = []
    while (events.length < 30) {
      const entry = entryOf(
        tyingEvent(bench.random, `offset-${bench.random.hex(2)}`, T),
        bench.target,
      )
      if (entry.partition === busy) events.push(entry)
    }
    await bench.write(events.slice(0, 29))
    await writeAborted(bench, busy)
    await bench.caughtUp(20_000)
    await bench.write(events.slice(29))
    await bench.caughtUp(20_000)
    await bench.judge()
  },
}
