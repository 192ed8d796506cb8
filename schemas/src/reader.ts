import { isUtf8 } from 'node:buffer'

/** The bytes end early, or a length, index or varint in them is impossible. */
export class NotDecodable extends Error {}

const MAX = Number.MAX_SAFE_INTEGER

/**
 * A strict cursor over one Avro body. avsc's is lax where the contract is not: it replaces invalid UTF-8, wraps an
 * int beyond 32 bits, reads past the end, and refuses 2⁵³−1. What does not stop the reading (bad UTF-8, a number out
 * of range) is noted in a flag, because a structural failure further on takes precedence.
 */
export class Reader {
  pos = 0
  invalidUtf8 = false
  outOfRange = false
  readonly buf: Buffer

  constructor(buf: Buffer) {
    this.buf = buf
  }

  /** A zigzag varint of at most 10 bytes; beyond ±(2⁵³−1) it is flagged and read as 0. */
  long(): number {
    let byte = this.byte()
    let low = byte & 0x7f
    if (byte < 0x80) return (low >>> 1) ^ -(low & 1)
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.byte()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1)
    }
    let middle = 0
    for (let shift = 0; byte >= 0x80 && shift < 28; shift += 7) {
      byte = this.byte()
      middle |= (byte & 0x7f) << shift
    }
    let high = 0
    for (let shift = 0; byte >= 0x80; shift += 7) {
      if (shift === 14) throw new NotDecodable(`a varint of more than 10 bytes ends at ${this.pos}`)
      byte = this.byte()
      high |= (byte & 0x7f) << shift
    }
    const magnitude = (low >>> 1) + middle * 0x8000000
    const value = low & 1 ? -magnitude - 1 : magnitude
    if (high === 0 && value >= -MAX && value <= MAX) return value
    this.outOfRange = true
    return 0
  }

  int(): number {
    const value = this.long()
    if (value === (value | 0)) return value
    this.outOfRange = true
    return 0
  }

  string(): string {
    const start = this.#length()
    const { buf, pos: end } = this
    for (let i = start; i < end; i++) {
      if (buf[i]! >= 0x80) return this.#unicode(start, end)
    }
    return buf.toString('latin1', start, end)
  }

  #unicode(start: number, end: number): string {
    if (!isUtf8(this.buf.subarray(start, end))) this.invalidUtf8 = true
    return this.buf.toString('utf8', start, end)
  }

  /** Moves past a length-prefixed run of bytes and returns where it began. */
  #length(): number {
    const length = this.size('length')
    const start = this.pos
    if (length > this.buf.length - start) throw new NotDecodable('a string runs past the end')
    this.pos = start + length
    return start
  }

  /** The index of an enum symbol or union branch, below `count`. */
  index(count: number): number {
    const index = this.size('index')
    if (index >= count) throw new NotDecodable(`index ${index} of ${count}`)
    return index
  }

  optional<T>(read: (r: Reader) => T): T | null {
    return this.index(2) === 0 ? null : read(this)
  }

  array<T>(read: (r: Reader) => T): T[] {
    const items: T[] = []
    for (;;) {
      let count = this.structural()
      if (count === 0) return items
      if (count < 0) {
        this.size('block size') // what follows is counted anyway, as in Java's reader
        count = -count
      }
      for (let i = 0; i < count; i++) items.push(read(this))
    }
  }

  size(what: string): number {
    const value = this.structural()
    if (value < 0) throw new NotDecodable(`negative ${what}`)
    return value
  }

  /** A number that shapes what follows: out of range it makes the bytes undecodable. */
  structural(): number {
    const flagged = this.outOfRange
    this.outOfRange = false
    const value = this.long()
    if (this.outOfRange) throw new NotDecodable('an impossible length or index')
    this.outOfRange = flagged
    return value
  }

  byte(): number {
    if (this.pos >= this.buf.length) throw new NotDecodable('the bytes end early')
    return this.buf[this.pos++]!
  }
}
