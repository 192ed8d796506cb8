import { deadLetterIn } from './dead-letter.ts'
import type { Horizon } from './horizon.ts'
import type { Bytes, Lane, SideIndex } from './lane.ts'
import { lineageOf, STRAY, type LineageOf } from './lineage.ts'
import { visitRecords, type Cursor, type FetchedBatches, type RecordView } from '@order-up/kit'
import type { Kind } from './report.ts'

/** Where a reader of one topic partition goes on: see Resume. */
export interface Position {
  from: number
  seen: number
}

export interface SideCursorOptions {
  side: SideIndex
  kind: Kind
  deployment: string
  topic: string
  partition: number
  start: Position
  lane: Lane
  horizon: Horizon
  /** records that may be held for the lane: of one side about the half, then it waits for the other */
  maxHeld: number
  /** records of raw records below it are of no more interest; at most what is counted */
  floor(): number
  onRow(record: RecordView): void
}

/** Some records that were read together. */
interface Chunk {
  from: number
  /** the greatest raw offset in it */
  maxRaw: number
}

/** Reads what one deployment wrote to one topic partition, and hands it to the lane. */
export class SideCursor implements Cursor {
  readonly topic: string
  readonly partition: number
  readonly #o: SideCursorOptions
  readonly #lineageOf: LineageOf
  readonly #visit: (record: RecordView) => void
  /** those that may hold a record that is not counted yet, and what was read since */
  #chunks: Chunk[] = []
  #position: number
  #lastRaw = -1
  #chunkMax = -1
  #strays = 0
  /** an open transaction: where it holds readers back, and since when it has been seen to */
  #open: { at: number; since: number } | undefined
  /** of the cursors that the same horizon waits for, by topic */
  #siblings: readonly SideCursor[] = [this]
  #high = 0

  constructor(options: SideCursorOptions) {
    const { kind, deployment, topic, partition, start } = options
    this.topic = topic
    this.partition = partition
    this.#o = options
    this.#position = start.from
    this.#lineageOf = lineageOf(kind, deployment, partition)
    this.#visit = kind === 'row' ? (record) => this.#row(record) : (record) => this.#letter(record)
  }

  get position(): number {
    return this.#position
  }

  /** Records that do not say which raw record they are of. */
  get strays(): number {
    return this.#strays
  }

  /** @param cursors of the same side, partition and kind, this one among them */
  siblings(cursors: readonly SideCursor[]): void {
    this.#siblings = cursors
  }

  /**
   * Who is ahead waits, so that memory is bounded. Not a cursor that may bring what the other side's records wait for,
   * nor both sides at once: several writers of one topic are not in raw's order, so that what is waited for may come
   * last. Where even so as much is held as may be, reading ends until a horizon frees some of it.
   */
  isPaused(): boolean {
    const { lane, side, maxHeld } = this.#o
    const other = side === 0 ? 1 : 0
    const [own, theirs] = [lane.held(side), lane.held(other)]
    const full = own + theirs + lane.pending >= maxHeld
    if (!full && own < maxHeld / 2) return false
    if (this.#lastRaw < lane.wanted(other)) return false
    return full || own > theirs
  }

  take({ askedAt, high, stable, aborted, batches }: FetchedBatches): void {
    const { lane, side, horizon } = this.#o
    const from = this.#position
    this.#chunkMax = -1
    this.#position = visitRecords(batches, from, aborted, this.#visit)
    if (this.#chunkMax >= this.#o.floor()) this.#chunks.push({ from, maxRaw: this.#chunkMax })
    this.#high = high
    if (stable < high && this.#position >= stable) {
      if (this.#open?.at !== stable) this.#open = { at: stable, since: askedAt }
    } else this.#open = undefined
    const passed = horizon.fetched(
      this.#siblings.indexOf(this),
      askedAt,
      high,
      this.#siblings.map(({ position }) => position),
    )
    if (passed !== undefined) lane.passHorizon(side, passed)
  }

  /** How many offsets lie ahead, as it was last seen. */
  get ahead(): number {
    return Math.max(0, this.#high - this.#position)
  }

  /** A transaction that has held readers back for so long, in words. */
  heldBack(ms: number, now: number): string | undefined {
    if (!this.#open || now - this.#open.since < ms) return undefined
    const seconds = Math.round((now - this.#open.since) / 1_000)
    return `an open transaction has held readers of ${this.topic} partition ${this.partition} back at offset ${this.#open.at} for ${seconds} s`
  }

  /** From where a comparer that starts anew has to read this. */
  resume(): Position {
    const floor = this.#o.floor()
    const first = this.#chunks.findIndex(({ maxRaw }) => maxRaw >= floor)
    this.#chunks = first === -1 ? [] : this.#chunks.slice(first)
    return {
      from: this.#chunks[0]?.from ?? this.#position,
      // what was read before a restart and is being read again
      seen: Math.max(this.#position, this.#o.start.seen),
    }
  }

  /** @returns the raw offset, where the record is to be compared */
  #rawOffsetOf(record: RecordView): number | undefined {
    const { lane, side, start } = this.#o
    const offset = this.#lineageOf(record)
    const again = record.offset < start.seen
    if (offset < 0) {
      if (offset === STRAY && !again) this.#strays++
      return undefined
    }
    if (offset > this.#lastRaw) this.#lastRaw = offset
    if (offset > this.#chunkMax) this.#chunkMax = offset
    if (again && offset < lane.counts.to) {
      lane.remember(side, offset)
      return undefined
    }
    return offset
  }

  #row(record: RecordView): void {
    const offset = this.#rawOffsetOf(record)
    if (offset === undefined) return
    this.#o.onRow(record)
    content.buf = record.buf
    content.start = record.valueStart
    content.length = record.valueLength
    this.#o.lane.take(this.#o.side, offset, keyOf(record), content)
  }

  #letter(record: RecordView): void {
    const offset = this.#rawOffsetOf(record)
    if (offset === undefined) return
    content.buf = deadLetterIn(record)
    content.start = 0
    content.length = content.buf.length
    this.#o.lane.take(this.#o.side, offset, keyOf(record), content)
  }
}

// the same two for all records: the lane copies what it keeps
const key: Bytes = { buf: Buffer.alloc(0), start: 0, length: 0 }
const content: Bytes = { buf: Buffer.alloc(0), start: 0, length: 0 }

function keyOf({ buf, keyStart, keyLength }: RecordView): Bytes {
  key.buf = buf
  key.start = keyStart
  key.length = keyLength
  return key
}
