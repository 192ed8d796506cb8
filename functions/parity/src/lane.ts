import { OffsetSet } from './offset-set.ts'
import type { LaneCounts } from './resume.ts'

/** The first or the second of the two deployments, in the order of their ids. */
export type SideIndex = 0 | 1
export type Pair<T> = [T, T]

/** What one side wrote about a raw record, as it is compared: a key, and the content in bytes; each may be null. */
export class Held {
  readonly #bytes: Buffer
  readonly #keyLength: number
  readonly #contentLength: number

  constructor(bytes: Buffer, keyLength: number, contentLength: number) {
    this.#bytes = bytes
    this.#keyLength = keyLength
    this.#contentLength = contentLength
  }

  /** A copy: what was fetched need not be kept for it. */
  static of(key: Bytes, content: Bytes): Held {
    const keyLength = Math.max(0, key.length)
    const contentLength = Math.max(0, content.length)
    const bytes = Buffer.allocUnsafe(keyLength + contentLength)
    key.buf.copy(bytes, 0, key.start, key.start + keyLength)
    content.buf.copy(bytes, keyLength, content.start, content.start + contentLength)
    return new Held(bytes, key.length, content.length)
  }

  get key(): Buffer | null {
    return this.#keyLength < 0 ? null : this.#bytes.subarray(0, this.#keyLength)
  }

  get content(): Buffer | null {
    return this.#contentLength < 0 ? null : this.#bytes.subarray(Math.max(0, this.#keyLength))
  }

  isSame(key: Bytes, content: Bytes): boolean {
    if (key.length !== this.#keyLength || content.length !== this.#contentLength) return false
    const at = Math.max(0, key.length)
    return (
      (at === 0 || this.#bytes.compare(key.buf, key.start, key.start + at, 0, at) === 0) &&
      (content.length <= 0 ||
        this.#bytes.compare(content.buf, content.start, content.start + content.length, at) === 0)
    )
  }
}

/** A stretch of bytes that lies in a buffer. */
export interface Bytes {
  buf: Buffer
  start: number
  /** negative = null */
  length: number
}

/** A raw record about which the two do not agree. */
export interface Finding {
  is: 'different' | 'onlyIn' | 'twice'
  /** whose; 0 where the two differ */
  side: SideIndex
  offset: number
  /** of each side, where it is at hand */
  records: Pair<Held | undefined>
  /** names and both values of what differs */
  fields: Readonly<Record<string, Pair<string | number | null>>>
}

export interface LaneHooks {
  /** Names what differs between two records that are not the same bytes; none = they are equal all the same. */
  fieldsOf(a: Held, b: Held): Finding['fields']
  /** A pair is equal. Not called again for it, unless it is read again after a restart. */
  onEqual(offset: number, key: Bytes, content: Bytes): void
  /** Something was found; it may not be counted yet. */
  onFinding(finding: Finding): void
  /** A difference has been counted. */
  onFields(names: readonly string[]): void
}

/** What was found above the horizon. */
interface Pending {
  /** undefined = nothing */
  fields: readonly string[] | undefined
  twice: Pair<number>
}

/**
 * Compares what two deployments wrote, of one raw partition and one kind of record. Pure. Records come in any order
 * and are matched by raw offset. A side's horizon is the raw offset below which all that it will write has been read;
 * what it has not written there it lacks. Nothing is counted before it is below both horizons.
 */
export class Lane {
  readonly #hooks: LaneHooks
  readonly #counts: LaneCounts
  readonly #horizons: Pair<number>
  readonly #seen: Pair<OffsetSet> = [new OffsetSet(), new OffsetSet()]
  readonly #held: Pair<Map<number, Held>> = [new Map(), new Map()]
  readonly #pending = new Map<number, Pending>()
  /** the greatest raw offset that waits for the other side's */
  readonly #ahead: Pair<number> = [-1, -1]

  /** @param counts what is counted already, to go on from */
  constructor(counts: LaneCounts, hooks: LaneHooks) {
    this.#counts = structuredClone(counts)
    this.#horizons = [counts.to, counts.to]
    this.#hooks = hooks
  }

  get counts(): Readonly<LaneCounts> {
    return this.#counts
  }

  /** Records of a side that wait for the other's. */
  held(side: SideIndex): number {
    return this.#held[side].size
  }

  /** What was found and is not counted yet. */
  get pending(): number {
    return this.#pending.size
  }

  /** Up to which raw offset the other side's records are waited for; −1 = for none. */
  wanted(by: SideIndex): number {
    return this.#held[by].size === 0 ? -1 : this.#ahead[by]
  }

  /** Both have written about a raw record that is not long forgotten. */
  compared(offset: number): boolean {
    return this.#seen[0].has(offset) && this.#seen[1].has(offset)
  }

  /** There was a record of one side that is counted already. */
  remember(side: SideIndex, offset: number): void {
    this.#seen[side].add(offset)
  }

  /** Takes in a record of one side. Its bytes are copied if they are kept. */
  take(side: SideIndex, offset: number, key: Bytes, content: Bytes): void {
    const counts = this.#counts
    if (offset < counts.from) return
    if (offset < counts.to) {
      // all that it wrote about these was counted, or found to be lacking
      counts.twice[side]++
      counts.written[side]++
      return this.#found('twice', side, offset, Held.of(key, content))
    }
    const other: SideIndex = side === 0 ? 1 : 0
    const seen = this.#seen[side]
    const late = offset < this.#horizons[side] && this.#seen[other].has(offset)
    if (late && !seen.has(offset)) return // it has committed past this without it: that it lacks it stands
    if (!seen.add(offset)) {
      this.#pendingAt(offset).twice[side]++
      return this.#found('twice', side, offset, Held.of(key, content))
    }
    const match = this.#held[other].get(offset)
    if (match) {
      this.#held[other].delete(offset)
      return this.#compare(side, offset, key, content, match)
    }
    const kept = Held.of(key, content)
    if (offset < this.#horizons[other]) return this.#found('onlyIn', side, offset, kept)
    this.#held[side].set(offset, kept)
    if (offset > this.#ahead[side]) this.#ahead[side] = offset
  }

  #compare(side: SideIndex, offset: number, key: Bytes, content: Bytes, match: Held): void {
    const hooks = this.#hooks
    if (match.isSame(key, content)) return hooks.onEqual(offset, key, content)
    const own = Held.of(key, content)
    const records: Pair<Held> = side === 0 ? [own, match] : [match, own]
    const fields = hooks.fieldsOf(records[0], records[1])
    const names = Object.keys(fields)
    if (names.length === 0) return hooks.onEqual(offset, key, content)
    this.#pendingAt(offset).fields = names
    hooks.onFinding({ is: 'different', side: 0, offset, records, fields })
  }

  /** All that the side will write about raw offsets below `offset` has been taken in. */
  passHorizon(side: SideIndex, offset: number): void {
    if (offset <= this.#horizons[side]) return
    this.#horizons[side] = offset
    const other: SideIndex = side === 0 ? 1 : 0
    const waiting = this.#held[other]
    for (const [at, record] of waiting) {
      if (at >= offset) continue
      waiting.delete(at)
      this.#found('onlyIn', other, at, record)
    }
    this.#settle(Math.min(...this.#horizons))
  }

  /** Counts what lies below both horizons. */
  #settle(to: number): void {
    const counts = this.#counts
    const from = counts.to
    if (to <= from) return
    const [a, b] = this.#seen
    const inA = a.countWith(b, from, to)
    const inB = b.countWith(a, from, to)
    let different = 0
    for (const [offset, { fields, twice }] of this.#pending) {
      if (offset >= to) continue
      this.#pending.delete(offset)
      if (fields) {
        different++
        this.#hooks.onFields(fields)
      }
      for (const side of [0, 1] as const) {
        counts.twice[side] += twice[side]
        counts.written[side] += twice[side]
      }
    }
    counts.equal += inA.both - different
    counts.different += different
    counts.onlyIn[0] += inA.all - inA.both
    counts.onlyIn[1] += inB.all - inB.both
    counts.written[0] += inA.all
    counts.written[1] += inB.all
    counts.to = to
  }

  /** Forgets of which raw records below an offset, all of them counted, there was something. */
  forgetBelow(offset: number): void {
    const below = Math.min(offset, this.#counts.to)
    for (const seen of this.#seen) seen.dropBelow(below)
  }

  #pendingAt(offset: number): Pending {
    let pending = this.#pending.get(offset)
    if (!pending) this.#pending.set(offset, (pending = { fields: undefined, twice: [0, 0] }))
    return pending
  }

  #found(is: Finding['is'], side: SideIndex, offset: number, record: Held): void {
    const records: Finding['records'] = side === 0 ? [record, undefined] : [undefined, record]
    this.#hooks.onFinding({ is, side, offset, records, fields: {} })
  }
}

/** Counts of nothing yet. @param from the first raw offset that is compared */
export const countsFrom = (from: number): LaneCounts => ({
  from,
  to: from,
  equal: 0,
  different: 0,
  onlyIn: [0, 0],
  twice: [0, 0],
  written: [0, 0],
})
