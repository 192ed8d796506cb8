import { isDeepStrictEqual } from 'node:util'
import avsc from 'avsc'
import { AVRO_SCHEMAS } from '../../src/avro.ts'
import { EVENT_TYPES, PAYLOAD_RECORDS, type OrderEvent } from '../../src/event.ts'
import { RAW_SUBJECT } from '../../src/names.ts'
import type { Bytes } from '../index.ts'

// Nothing of the project's own codec is used here: avsc writes the bytes, and BigInt what avsc refuses to write.

const schema = AVRO_SCHEMAS[RAW_SUBJECT]![0] as avsc.Schema
const RawEvent = avsc.Type.forSchema(schema) as avsc.types.RecordType

/** Hex of an Avro int or long, of any size. */
export function varint(value: bigint | number): string {
  const v = BigInt(value)
  return unsigned(v < 0n ? -v * 2n - 1n : v * 2n)
}

function unsigned(n: bigint): string {
  let hex = ''
  for (; n > 0x7fn; n >>= 7n) hex += byte(Number(n & 0x7fn) | 0x80)
  return hex + byte(Number(n))
}

const byte = (n: number) => n.toString(16).padStart(2, '0')

/** The same number in more bytes than it needs: an encoding that Avro's readers take. */
export function overlong(value: number, bytes: number): string {
  const short = Buffer.from(varint(value), 'hex')
  const long = Buffer.alloc(bytes, 0x80)
  short.copy(long)
  for (let i = 0; i < bytes - 1; i++) long[i] = long[i]! | 0x80
  if (short.length < bytes) long[bytes - 1] = 0
  return long.toString('hex')
}

/** Hex of an Avro string, of bytes that need not be UTF-8. */
export const string = (bytes: Buffer) => varint(bytes.length) + bytes.toString('hex')
export const utf8 = (text: string) => string(Buffer.from(text))

/** Hex that replaces what avsc would write: by field name, of the envelope or of the payload. */
export type Overrides = Readonly<Record<string, string>>

/** The Avro body of an event in hex. */
export function bodyOf(event: OrderEvent, overrides: Overrides = {}): string {
  const parts = RawEvent.fields.map(({ name, type }) => {
    if (overrides[name] !== undefined) return overrides[name]
    if (name === 'payload') return payloadOf(event, type as avsc.types.WrappedUnionType, overrides)
    return type.toBuffer(event[name as keyof OrderEvent]).toString('hex')
  })
  const body = parts.join('')
  if (Object.keys(overrides).length === 0 && body !== wholeByAvsc(event))
    throw new Error('the fields do not add up to what avsc writes')
  return body
}

function payloadOf(
  { event_type, payload }: OrderEvent,
  union: avsc.types.WrappedUnionType,
  overrides: Overrides,
): string {
  const branch = EVENT_TYPES.indexOf(event_type) + 1
  const record = union.types[branch] as avsc.types.RecordType
  const fields = record.fields.map(
    ({ name, type }) =>
      overrides[name] ?? type.toBuffer(payload[name as keyof typeof payload]).toString('hex'),
  )
  return varint(branch) + fields.join('')
}

function wholeByAvsc({ payload, ...envelope }: OrderEvent): string {
  const record = `orderup.${PAYLOAD_RECORDS[EVENT_TYPES.indexOf(envelope.event_type)]}`
  const event = { ...envelope, payload: { [record]: payload } }
  const body = RawEvent.toBuffer(event)
  // avsc 5.7.9 loses the sign of a long below -(2^52), without a word
  if (!isDeepStrictEqual(plain(RawEvent.fromBuffer(body)), plain(event)))
    throw new Error('avsc does not read what it wrote: write this one by hand')
  return body.toString('hex')
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** Hex of a payload with its branch, for a payload that is not that of the event's type. */
export const payloadHex = (event: OrderEvent): string =>
  payloadOf(event, RawEvent.field('payload').type as avsc.types.WrappedUnionType, {})

/** Hex of one item. */
export const itemHex = (sku: string, quantity: bigint | number, unitAmount: bigint | number) =>
  utf8(sku) + varint(quantity) + varint(unitAmount)

/** Writes long repetitions as `{hex, times}`, which keeps the files small. */
export function compact(hex: string): Bytes {
  const pieces: Exclude<Bytes, string> = []
  const bytes = Buffer.from(hex, 'hex').toString('latin1')
  let end = 0
  const keep = (to: number) => {
    if (to > end) pieces.push(hex.slice(end * 2, to * 2))
  }
  for (const run of bytes.matchAll(/([^]{1,16}?)\1{63,}/g)) {
    const unit = run[1]!
    keep(run.index)
    pieces.push({
      hex: Buffer.from(unit, 'latin1').toString('hex'),
      times: run[0].length / unit.length,
    })
    end = run.index + run[0].length
  }
  if (end === 0) return hex
  keep(bytes.length)
  return pieces
}
