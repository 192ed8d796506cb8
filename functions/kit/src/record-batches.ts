import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { TerminalError } from './errors.ts'

/** A transaction that ended in an abort; its records begin at `firstOffset` or later. */
export interface Aborted {
  producerId: number
  firstOffset: number
}

/** Where the parts of one record lie in `buf`. There is one object for all records: take what is wanted. */
export interface RecordView {
  buf: Buffer
  offset: number
  /** when it was appended, or written where the topic is not of log-append time; epoch milliseconds */
  timestamp: number
  keyStart: number
  /** negative = null */
  keyLength: number
  valueStart: number
  /** negative = null */
  valueLength: number
  headerCount: number
  /** behind the count */
  headersStart: number
  end: number
}

const CONTROL = 0x20
const TRANSACTIONAL = 0x10
const COMPRESSION = 0x07
const LOG_APPEND_TIME = 0x08
/** of a batch before its records */
const HEAD_BYTES = 61
/** of offset and length, which the length does not count */
const FRAME_BYTES = 12

/**
 * Walks a fetch's record batches (message format v2, https://kafka.apache.org/documentation/#recordbatch) and shows
 * `visit` the records that a read_committed reader is shown. kafkajs makes some ten objects of each record; this makes
 * none: 3.4 CPU-s for a million records, or 0.3.
 * @param from the offset that was asked for: a batch comes whole, with what lies before it
 * @param aborted as the fetch brought them
 * @returns the offset to ask for next: past markers, and past what was aborted; `from` where there is no whole batch
 */
export function visitRecords(
  batches: Buffer,
  from: number,
  aborted: readonly Aborted[],
  visit: (record: RecordView) => void,
): number {
  const begins = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  /** producers of which an aborted transaction is under way */
  const aborting = new Set<number>()
  let begun = 0
  let next = from
  for (let at = 0; at + HEAD_BYTES <= batches.length;) {
    const base = readInt64(batches, at)
    const end = at + FRAME_BYTES + batches.readInt32BE(at + 8)
    if (end > batches.length) break // cut off at the fetch's limit
    const attributes = batches.readInt16BE(at + 21)
    const last = base + batches.readInt32BE(at + 23)
    const producerId = readInt64(batches, at + 43)
    while (begun < begins.length && begins[begun]!.firstOffset <= last)
      aborting.add(begins[begun++]!.producerId)
    if (attributes & CONTROL) aborting.delete(producerId)
    else if (!(attributes & TRANSACTIONAL && aborting.has(producerId))) {
      const count = batches.readInt32BE(at + 57)
      const codec = attributes & COMPRESSION
      const body = codec === 0 ? batches : decompress(codec, batches.subarray(at + HEAD_BYTES, end))
      cursor = codec === 0 ? at + HEAD_BYTES : 0
      const appended = attributes & LOG_APPEND_TIME ? readInt64(batches, at + 35) : undefined
      const first = readInt64(batches, at + 27)
      for (let i = 0; i < count; i++) {
        readRecord(body, base)
        if (view.offset < from) continue
        view.timestamp = appended ?? first + view.timestamp
        const next = cursor
        visit(view)
        cursor = next
      }
    }
    next = Math.max(next, last + 1)
    at = end
  }
  return next
}

function decompress(codec: number, bytes: Buffer): Buffer {
  if (codec === 1) return gunzipSync(bytes)
  if (codec === 4) return zstdDecompressSync(bytes)
  throw new TerminalError('COMPRESSION', `Records are compressed by codec ${codec}`, {
    remedy: 'gzip and zstd can be read, as by every worker here; not snappy, not lz4',
  })
}

const view: RecordView = {
  buf: Buffer.alloc(0),
  offset: 0,
  timestamp: 0,
  keyStart: 0,
  keyLength: 0,
  valueStart: 0,
  valueLength: 0,
  headerCount: 0,
  headersStart: 0,
  end: 0,
}

/** Reads the record at the cursor into the view, its timestamp relative to the batch, and moves past it. */
function readRecord(buf: Buffer, base: number) {
  const length = readVarint(buf)
  view.end = cursor + length
  cursor++ // attributes: none are defined
  view.timestamp = readVarlong(buf)
  view.buf = buf
  view.offset = base + readVarint(buf)
  view.keyLength = readVarint(buf)
  view.keyStart = cursor
  if (view.keyLength > 0) cursor += view.keyLength
  view.valueLength = readVarint(buf)
  view.valueStart = cursor
  if (view.valueLength > 0) cursor += view.valueLength
  view.headerCount = readVarint(buf)
  view.headersStart = cursor
  cursor = view.end
}

/** Shows each header's place to `visit`; a length below 0 = null. */
export function visitHeaders(
  { buf, headerCount, headersStart }: Pick<RecordView, 'buf' | 'headerCount' | 'headersStart'>,
  visit: (nameStart: number, nameLength: number, start: number, length: number) => void,
): void {
  cursor = headersStart
  for (let i = 0; i < headerCount; i++) {
    const nameLength = readVarint(buf)
    const nameStart = cursor
    cursor += nameLength
    const length = readVarint(buf)
    const start = cursor
    if (length > 0) cursor += length
    const next = cursor
    visit(nameStart, nameLength, start, length)
    cursor = next
  }
}

/** Where the next varint is read: a result and a position would else make an object of each. */
let cursor = 0

/** A zigzag varint of 32 bits: offsets within a batch, and lengths. */
function readVarint(buf: Buffer): number {
  let byte = buf[cursor++]!
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
  let value = byte & 0x7f
  let shift = 7
  do {
    byte = buf[cursor++]!
    value |= (byte & 0x7f) << shift
    shift += 7
  } while (byte >= 0x80)
  return (value >>> 1) ^ -(value & 1)
}

/** A zigzag varint of 64 bits, exact within ±2⁵³. */
function readVarlong(buf: Buffer): number {
  const start = cursor
  const low = readVarint(buf)
  if (cursor - start < 5) return low
  cursor = start
  let value = 0
  let scale = 1
  let byte: number
  do {
    byte = buf[cursor++]!
    value += (byte & 0x7f) * scale
    scale *= 0x80
  } while (byte >= 0x80)
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** Offsets and producer ids are below 2⁵³; −1 comes out as such. */
export const readInt64 = (buf: Buffer, at: number): number =>
  buf.readInt32BE(at) * 0x1_0000_0000 + buf.readUInt32BE(at + 4)

/** Shows `visit` the records that lie one after another in `buf`: those of one batch, without its head. */
export function visitEncoded(
  buf: Buffer,
  count: number,
  visit: (record: RecordView) => void,
): void {
  cursor = 0
  for (let i = 0; i < count; i++) {
    readRecord(buf, 0)
    const next = cursor
    visit(view)
    cursor = next
  }
}
