import avsc from 'avsc'
import {
  AVRO_SCHEMAS,
  CURATED_SUBJECT,
  decodeCurated,
  decodeRaw,
  encodeEvent,
  EventFacts,
  partitionOf,
  RAW_SUBJECT,
  readFacts,
  writeCurated,
  writeEvent,
  Writer,
} from '@order-up/schemas'
import { fold, foldInto, memoryOf, roomFor, rowOf, writeRow, type OrderState } from '@order-up/fold'
import { rate, round, type Bench } from '../bench.ts'
import { created, paid } from '../events.ts'

const N = 1_000
const ID = 1
const ids = new Map([[ID, 1]])
const PARTITIONS = 4

const type = (subject: string) => avsc.Type.forSchema(AVRO_SCHEMAS[subject]!.at(-1) as avsc.Schema)

const perSecond = (once: () => void) => Math.round(rate(once) * N)

export const codec: Bench = {
  name: 'codec',
  about:
    'decode with every check of the contract, to facts and to objects, and encode, beside avsc',
  run: () => {
    const events = Array.from({ length: N }, (_, n) => (n % 2 ? paid(n, n) : created(n, n)))
    const records = events.map((event) => {
      const key = Buffer.from(event.order_id)
      return { key, value: encodeEvent(event, ID), partition: partitionOf(key, PARTITIONS) }
    })
    const rows = events.map((event) => rowOf(event.order_id, fold(null, event) as OrderState))
    const writer = new Writer(1 << 20)
    const rawType = type(RAW_SUBJECT)
    const curatedType = type(CURATED_SUBJECT)
    const buffer = Buffer.alloc(1_024)
    const encoded = rows.map((row) => Buffer.from(writeCurated(new Writer(), row, ID)))
    const log = logOf(N, (n) => events[n]!)
    const facts = new EventFacts()
    const read = perSecond(() => {
      for (let i = 0; i < N; i++) readAt(facts, log, i)
    })
    const decode = perSecond(() => records.forEach((r) => decodeRaw(r, ids, PARTITIONS)))
    const avscDecode = perSecond(() => records.forEach((r) => rawType.decode(r.value, 5)))
    const encode = perSecond(() => {
      writer.pos = 0
      rows.forEach((row) => writeCurated(writer, row, ID))
    })
    const avscEncode = perSecond(() => rows.forEach((row) => curatedType.encode(row, buffer, 5)))
    return Promise.resolve({
      'raw read to facts, events/s': read,
      'raw decode, events/s': decode,
      'avsc decode, events/s': avscDecode,
      'raw read to facts / avsc': round(read / avscDecode, 2),
      'raw decode / avsc': round(decode / avscDecode, 2),
      'curated encode, rows/s': encode,
      'avsc encode, rows/s': avscEncode,
      'curated encode / avsc': round(encode / avscEncode, 2),
      'curated decode, rows/s': perSecond(() => encoded.forEach((v) => decodeCurated(v, ids))),
    })
  },
}

const ORDERS = 80_000
/** of each order, on average */
const EVENTS = 5

export const foldBench: Bench = {
  name: 'fold',
  about: `read, fold and row, ${EVENTS} events an order: as an engine does it on bytes, with the states of ${ORDERS} orders in random order, and on objects with one order at a time`,
  run: () => {
    const n = ORDERS * EVENTS
    const orders = Int32Array.from({ length: n }, (_, i) => (i < ORDERS ? i : spread(i) % ORDERS))
    const log = logOf(n, (i) => (i < ORDERS ? created : paid)(orders[i]!, i))
    const readOnly = rate(() => foldLog(log, orders, 'read')) * n
    const folded = rate(() => foldLog(log, orders, 'fold')) * n
    const written = rate(() => foldLog(log, orders, 'row')) * n
    return Promise.resolve({
      'read, events/s': Math.round(readOnly),
      'read and fold, events/s': Math.round(folded),
      'read, fold and row, events/s': Math.round(written),
      'read, fold and row, ns': Math.round(1e9 / written),
      'fold and row on objects, events/s': Math.round(objectsPerSecond()),
    })
  },
}

/** Any order after any other, alike in every run. */
const spread = (n: number) => Math.imul(n, 0x9e3779b1) >>> 0

/** Keys and values of raw records, one after another, as they come from a broker. */
interface Log {
  bytes: Buffer
  /** where the key of each record begins, then its value; at the end, where the last value ends */
  starts: Int32Array
}

function logOf(count: number, eventAt: (i: number) => ReturnType<typeof created>): Log {
  const w = new Writer(1 << 20)
  const starts = new Int32Array(count * 2 + 1)
  for (let i = 0; i < count; i++) {
    const event = eventAt(i)
    starts[i * 2] = w.pos
    w.bytes(Buffer.from(event.order_id))
    starts[i * 2 + 1] = w.pos
    writeEvent(w, event, ID)
  }
  starts[count * 2] = w.pos
  return { bytes: Buffer.from(w.since(0)), starts }
}

function readAt(facts: EventFacts, { bytes, starts }: Log, i: number): void {
  const key = starts[i * 2]!
  const value = starts[i * 2 + 1]!
  const end = starts[i * 2 + 2]!
  if (!readFacts(facts, ids, bytes, key, value - key, value, end - value))
    throw new Error(`event ${i} of the benchmark is not valid`)
}

/** States are written one behind the other, as the engine's log has them. 214 bytes for an order of 5 events. */
const states = memoryOf(Buffer.alloc(ORDERS * EVENTS * 256))

/** The engine's loop without its store and its Kafka. */
function foldLog(log: Log, orders: Int32Array, upTo: 'read' | 'fold' | 'row') {
  const facts = new EventFacts()
  const w = new Writer()
  const places = new Int32Array(ORDERS)
  const lengths = new Int32Array(ORDERS)
  let head = 0
  for (let i = 0; i < orders.length; i++) {
    readAt(facts, log, i)
    if (upTo === 'read') continue
    const order = orders[i]!
    const length = lengths[order]!
    const at = places[order]!
    const from = length === 0 ? null : states
    if (head + roomFor(from, at, length, facts) > states.bytes.length)
      throw new Error('the states of the benchmark need more memory')
    const next = foldInto(from, at, length, facts, states, head)
    places[order] = head
    lengths[order] = next
    if (upTo === 'row') {
      const key = log.starts[i * 2]!
      w.pos = 0
      writeRow(w, ID, log.bytes, key, log.starts[i * 2 + 1]! - key, states, head, next)
    }
    head += (next + 7) & ~7
  }
}

function objectsPerSecond(): number {
  const lives = Array.from({ length: N }, (_, n) => [
    created(n, n),
    ...[1, 2, 3, 4].map((i) => paid(n, n * 10 + i)),
  ])
  const livesPerSecond = rate(() => {
    for (const life of lives) {
      let state: OrderState | null = null
      for (const event of life) {
        state = fold(state, event) as OrderState
        rowOf(event.order_id, state)
      }
    }
  })
  return livesPerSecond * N * EVENTS
}
