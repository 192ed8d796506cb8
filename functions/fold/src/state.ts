import { CONTRACT_VERSION, NotDecodable, Reader, Writer } from '@order-up/schemas'
import { bytesOf, fromBytes, type EventIds } from './event-ids.ts'

/** What decides between two events that set the same fact: time, then rank, then event id. */
export interface Stamp {
  readonly ts: number
  readonly rank: number
  /** index into the order's event ids */
  readonly id: number
}

export interface Fact<T> {
  readonly value: T
  readonly by: Stamp
}

export interface ItemTotals {
  readonly count: number
  readonly amount: number
}

/** All that the fold remembers of one order. */
export interface OrderState {
  readonly ids: EventIds
  readonly status: Stamp | null
  readonly customer: Fact<string> | null
  readonly currency: Fact<string> | null
  readonly items: Fact<ItemTotals> | null
  readonly shipping: Fact<number> | null
  /** by rank: event_ts of the greatest event of that type */
  readonly at: readonly (number | null)[]
  readonly paid: number
  readonly refunded: number
  readonly firstTs: number
  readonly lastTs: number
}

/** The stored form. Its first byte is the contract version: another version's state is refolded, not read. */
export function encodeState(state: OrderState): Buffer {
  const w = new Writer(192)
  writeState(w, state)
  return w.since(0)
}

/** Appends the stored form of a state. */
export function writeState(w: Writer, state: OrderState): Buffer {
  const start = w.pos
  w.byte(CONTRACT_VERSION)
  w.long(state.ids.count)
  w.bytes(bytesOf(state.ids))
  writeOptional(w, state.status, writeStamp)
  writeFact(w, state.customer, (value) => w.string(value))
  writeFact(w, state.currency, (value) => w.string(value))
  writeFact(w, state.items, ({ count, amount }) => {
    w.long(count)
    w.long(amount)
  })
  writeFact(w, state.shipping, (value) => w.long(value))
  for (const at of state.at) w.optionalLong(at)
  w.long(state.paid)
  w.long(state.refunded)
  w.long(state.firstTs)
  w.long(state.lastTs)
  return w.since(start)
}

function writeOptional<T>(w: Writer, value: T | null, write: (w: Writer, value: T) => void) {
  if (value === null) return w.byte(0)
  w.byte(2)
  write(w, value)
}

function writeStamp(w: Writer, { ts, rank, id }: Stamp) {
  w.long(ts)
  w.long(rank)
  w.long(id)
}

function writeFact<T>(w: Writer, fact: Fact<T> | null, write: (value: T) => void) {
  writeOptional(w, fact, (_, { value, by }) => {
    write(value)
    writeStamp(w, by)
  })
}

/** @throws RangeError on another contract version; NotDecodable on damaged bytes */
export function decodeState(bytes: Buffer): OrderState {
  const r = new Reader(bytes)
  const version = r.byte()
  if (version !== CONTRACT_VERSION)
    throw new RangeError(`state of contract version ${version}, not ${CONTRACT_VERSION}`)
  const idBytes = r.long() * 16
  const ids = fromBytes(bytes.subarray(r.pos, r.pos + idBytes))
  r.pos += idBytes
  const state = {
    ids,
    status: r.optional(readStamp),
    customer: readFact(r, readString),
    currency: readFact(r, readString),
    items: readFact(r, (r) => ({ count: r.long(), amount: r.long() })),
    shipping: readFact(r, readLong),
    at: [at(r), at(r), at(r), at(r), at(r), at(r), at(r)],
    paid: r.long(),
    refunded: r.long(),
    firstTs: r.long(),
    lastTs: r.long(),
  }
  if (r.pos !== bytes.length || r.outOfRange || r.invalidUtf8)
    throw new NotDecodable('the state is damaged')
  return state
}

const readString = (r: Reader) => r.string()
const readLong = (r: Reader) => r.long()
const readStamp = (r: Reader): Stamp => ({ ts: r.long(), rank: r.long(), id: r.long() })
const at = (r: Reader) => r.optional(readLong)

function readFact<T>(r: Reader, read: (r: Reader) => T): Fact<T> | null {
  return r.optional((r) => ({ value: read(r), by: readStamp(r) }))
}
