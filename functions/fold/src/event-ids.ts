const BYTES = 16

/**
 * The ids of the events applied to an order, in that order, 16 bytes each. A value: `append` gives a new one. Values
 * that grew from one another share one buffer, of which each sees its own first `count` ids, so that an order of
 * 100,000 events is not copied 100,000 times.
 */
export interface EventIds {
  readonly count: number
  readonly log: IdLog
}

interface IdLog {
  readonly bytes: Buffer
  /** how many ids the longest of the values that share this buffer has */
  used: number
}

export const noEventIds: EventIds = { count: 0, log: { bytes: Buffer.alloc(0), used: 0 } }

export function has({ count, log }: EventIds, id: Uint8Array): boolean {
  const end = count * BYTES
  for (let at = 0; at < end;) {
    const found = log.bytes.indexOf(id, at)
    if (found < 0 || found >= end) return false
    if (found % BYTES === 0) return true
    at = found + 1 // the end of one id and the beginning of the next look like it
  }
  return false
}

export function append({ count, log }: EventIds, id: Uint8Array): EventIds {
  const start = count * BYTES
  const free = log.used === count && start < log.bytes.length
  const target = free ? log : { bytes: grown(log.bytes, start), used: count }
  target.bytes.set(id, start)
  target.used = count + 1
  return { count: count + 1, log: target }
}

/** A copy with room. From Node's pool: an allocation of its own for each order takes a tenth of the engine's time. */
function grown(bytes: Uint8Array, used: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(4 * BYTES, used * 2))
  larger.set(bytes.subarray(0, used))
  return larger
}

/** All ids, end to end. */
export const bytesOf = ({ count, log }: EventIds) => log.bytes.subarray(0, count * BYTES)

/** From what `bytesOf` gave; takes a copy. */
export function fromBytes(bytes: Uint8Array): EventIds {
  const count = bytes.length / BYTES
  return { count, log: { bytes: grown(bytes, bytes.length), used: count } }
}

/** Compares an id with the one at `index`, as bytes: which for lower-case UUIDs is as text. */
export const compareAt = ({ log }: EventIds, index: number, id: Buffer) =>
  id.compare(log.bytes, index * BYTES, (index + 1) * BYTES)

/** The id at `index` as a lower-case UUID. */
export function textAt({ log }: EventIds, index: number): string {
  const hex = log.bytes.toString('hex', index * BYTES, (index + 1) * BYTES)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Writes the 16 bytes of a valid lower-case UUID into `target`. */
export function parseUuid(text: string, target: Buffer): void {
  for (let i = 0, at = 0; at < BYTES; at++) {
    if (i === 8 || i === 13 || i === 18 || i === 23) i++
    target[at] = (nibble(text.charCodeAt(i)) << 4) | nibble(text.charCodeAt(i + 1))
    i += 2
  }
}

const nibble = (code: number) => (code < 0x60 ? code - 0x30 : code - 0x57)
