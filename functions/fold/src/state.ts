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

/** Appends the stored form of a state. Times are stored as what they come after the first, which is shorter. */
export function writeState(w: Writer, state: OrderState): Buffer {
  const start = w.pos
  const { firstTs } = state
  w.byte(CONTRACT_VERSION)
  w.long(state.ids.count)
  w.bytes(bytesOf(state.ids))
  w.long(firstTs)
  w.long(state.lastTs - firstTs)
  writeOptional(w, state.status, (by) => writeStamp(w, by, firstTs))
  writeFact(w, state.customer, firstTs, (value) => w.string(value))
  writeFact(w, state.currency, firstTs, (value) => w.string(value))
  writeFact(w, state.items, firstTs, ({ count, amount }) => {
    w.long(count)
    w.long(amount)
  })
  writeFact(w, state.shipping, firstTs, (value) => w.long(value))
  for (const at of state.at) w.optionalLong(at === null ? null : at - firstTs)
  w.long(state.paid)
  w.long(state.refunded)
  return w.since(start)
}

function writeOptional<T>(w: Writer, value: T | null, write: (value: T) => void) {
  if (value === null) return w.byte(0)
  w.byte(2)
  write(value)
}

function writeStamp(w: Writer, { ts, rank, id }: Stamp, firstTs: number) {
  w.long(ts - firstTs)
  w.long(rank)
  w.long(id)
}

function writeFact<T>(w: Writer, fact: Fact<T> | null, firstTs: number, write: (value: T) => void) {
  writeOptional(w, fact, ({ value, by }) => {
    write(value)
    writeStamp(w, by, firstTs)
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
  const firstTs = r.long()
  const time = (r: Reader) => firstTs + r.long()
  const stamp = (r: Reader): Stamp => ({ ts: time(r), rank: r.long(), id: r.long() })
  const fact = <T>(read: (r: Reader) => T): Fact<T> | null =>
    r.optional((r) => ({ value: read(r), by: stamp(r) }))
  const at = () => r.optional(time)
  const state = {
    ids,
    firstTs,
    lastTs: time(r),
    status: r.optional(stamp),
    customer: fact(readString),
    currency: fact(readString),
    items: fact(readTotals),
    shipping: fact(readLong),
    at: [at(), at(), at(), at(), at(), at(), at()],
    paid: r.long(),
    refunded: r.long(),
  }
  if (r.pos !== bytes.length || r.outOfRange || r.invalidUtf8)
    throw new NotDecodable('the state is damaged')
  return state
}

const readString = (r: Reader) => r.string()
const readLong = (r: Reader) => r.long()
const readTotals = (r: Reader): ItemTotals => ({ count: r.long(), amount: r.long() })
