/** A growing buffer for Avro bodies: many values are written one after another into one allocation. */
export class Writer {
  #buf: Buffer
  pos = 0

  /** @param size initial capacity in bytes; doubles as needed */
  constructor(size = 1024) {
    this.#buf = Buffer.allocUnsafeSlow(size)
  }

  /** The bytes written since `start`; valid after later writes too. */
  since(start: number): Buffer {
    return this.#buf.subarray(start, this.pos)
  }

  /** The memory under it: what was written begins at 0. Another one once it has grown. */
  get buffer(): Buffer {
    return this.#buf
  }

  byte(value: number) {
    this.reserve(1)
    this.#buf[this.pos++] = value
  }

  uint32(value: number) {
    this.reserve(4)
    this.pos = this.#buf.writeUInt32BE(value, this.pos)
  }

  /** Zigzag varint of an integer within ±(2⁵³−1). */
  long(value: number) {
    this.reserve(8)
    this.pos = putLong(this.#buf, this.pos, value)
  }

  string(value: string) {
    const { length } = value
    if (length < 64) {
      // a one-byte length prefix is right whenever the string is short and ASCII
      this.reserve(length + 1)
      const written = this.#buf.write(value, this.pos + 1, length)
      if (written === length && isAscii(value)) {
        this.#buf[this.pos] = length << 1
        this.pos += length + 1
        return
      }
    }
    const bytes = Buffer.byteLength(value)
    this.long(bytes)
    this.reserve(bytes)
    this.pos += this.#buf.write(value, this.pos, bytes)
  }

  bytes(value: Uint8Array) {
    this.reserve(value.length)
    this.#buf.set(value, this.pos)
    this.pos += value.length
  }

  /** Copies a range. */
  copy(source: Uint8Array, start: number, length: number) {
    this.reserve(length)
    this.pos = putBytes(this.#buf, this.pos, source, start, length)
  }

  optionalLong(value: number | null) {
    if (value === null) return this.byte(0)
    this.byte(2)
    this.long(value)
  }

  optionalString(value: string | null) {
    if (value === null) return this.byte(0)
    this.byte(2)
    this.string(value)
  }

  /** Makes room for as many more bytes: until they are written, `buffer` stays the same. */
  reserve(bytes: number) {
    const needed = this.pos + bytes
    if (needed <= this.#buf.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buf.length * 2))
    this.#buf.copy(grown, 0, 0, this.pos)
    this.#buf = grown
  }
}

function isAscii(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 0x7f) return false
  return true
}

/**
 * Writes the zigzag varint of an integer within ±(2⁵³−1), 8 bytes at most.
 * @returns where it ends
 */
export function putLong(buf: Uint8Array, at: number, value: number): number {
  let pos = at
  if (value >= -0x40000000 && value < 0x40000000) {
    let n = (value << 1) ^ (value >> 31)
    while (n > 0x7f) {
      buf[pos++] = (n & 0x7f) | 0x80
      n >>>= 7
    }
    buf[pos] = n
    return pos + 1
  }
  // 2·value may pass 2⁵³ and shifts are of 32 bits: so 28 bits with the sign, and then the rest
  const negative = value < 0
  const n = negative ? -(value + 1) : value
  let high = Math.floor(n / 0x8000000)
  const low = ((n - high * 0x8000000) << 1) | (negative ? 1 : 0)
  buf[pos] = (low & 0x7f) | 0x80
  buf[pos + 1] = ((low >>> 7) & 0x7f) | 0x80
  buf[pos + 2] = ((low >>> 14) & 0x7f) | 0x80
  buf[pos + 3] = (low >>> 21) | 0x80
  pos += 4
  while (high > 0x7f) {
    buf[pos++] = (high & 0x7f) | 0x80
    high >>>= 7
  }
  buf[pos] = high
  return pos + 1
}

/** Copies a range. Short ones in a loop, which is faster than the call of a native copy. @returns where it ends */
export function putBytes(
  buf: Uint8Array,
  pos: number,
  source: Uint8Array,
  start: number,
  length: number,
): number {
  if (length < 64) for (let i = 0; i < length; i++) buf[pos + i] = source[start + i]!
  else buf.set(source.subarray(start, start + length), pos)
  return pos + length
}
