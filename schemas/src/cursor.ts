import { isUtf8 } from 'node:buffer'
import { MAX_STRING_BYTES } from './validate.ts'

const MAX = Number.MAX_SAFE_INTEGER

/**
 * A cursor over one Avro body within a larger buffer, that makes no strings: it says where they are. It is reused from
 * body to body. What is wrong it only notes (`failed`); whatever is read from there on means nothing. `Reader` is
 * the one that says what is wrong.
 */
export class Cursor {
  buf: Buffer = Buffer.alloc(0)
  pos = 0
  /** of the body, exclusive */
  end = 0
  failed = false

  open(buf: Buffer, start: number, end: number) {
    this.buf = buf
    this.pos = start
    this.end = end
    this.failed = false
  }

  fail() {
    this.failed = true
  }

  /** A zigzag varint of at most 8 bytes, which hold every integer within ±(2⁵³−1). */
  long(): number {
    let byte = this.#byte()
    let low = byte & 0x7f
    if (byte < 0x80) return (low >>> 1) ^ -(low & 1)
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.#byte()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1)
    }
    let high = 0
    for (let shift = 0; byte >= 0x80; shift += 7) {
      if (shift === 28) {
        this.failed = true
        return 0
      }
      byte = this.#byte()
      high |= (byte & 0x7f) << shift
    }
    const magnitude = (low >>> 1) + high * 0x8000000
    const value = low & 1 ? -magnitude - 1 : magnitude
    if (!(value >= -MAX && value <= MAX)) this.failed = true
    return value
  }

  /** Whether an optional value is there: the index into a union with null. */
  isSet(): boolean {
    const index = this.#byte()
    if (index !== 0 && index !== 2) this.failed = true
    return index === 2
  }

  /**
   * Moves past a string of UTF-8.
   * @param least bytes that it must have
   * @returns where it begins; it ends at `pos`
   */
  text(least: number): number {
    const length = this.long()
    const { buf, pos: start } = this
    const end = start + length
    if (!(length >= least && length <= MAX_STRING_BYTES && end <= this.end)) {
      this.failed = true
      return start
    }
    let all = 0
    for (let i = start; i < end; i++) all |= buf[i]!
    if (all >= 0x80 && !isUtf8(buf.subarray(start, end))) this.failed = true
    this.pos = end
    return start
  }

  /** Moves past a string, not empty. @returns whether it is these bytes */
  isNext(other: Buffer, otherStart: number, length: number): boolean {
    const start = this.text(1)
    if (this.pos - start !== length) return false
    const { buf } = this
    for (let i = 0; i < length; i++) if (buf[start + i] !== other[otherStart + i]) return false
    return true
  }

  #byte(): number {
    if (this.pos < this.end) return this.buf[this.pos++]!
    this.failed = true
    return 0
  }
}
