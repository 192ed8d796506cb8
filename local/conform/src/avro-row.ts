import { CURATED_SUBJECT, currentSchema } from '@order-up/schemas'

/**
 * Curated rows as their schema's file says, with nothing of the project's codec: what an engine's bytes are compared
 * with, and read by where they differ.
 */
export type Row = Readonly<Record<string, string | number | null>>

type Base = 'string' | 'int' | 'long' | readonly string[]
interface Field {
  name: string
  base: Base
  nullable: boolean
}

type AvroType = string | { type: string; symbols?: string[] } | AvroType[]

const FIELDS: readonly Field[] = (
  currentSchema(CURATED_SUBJECT) as { fields: { name: string; type: AvroType }[] }
).fields.map(({ name, type }) => {
  const nullable = Array.isArray(type)
  return { name, nullable, base: baseOf(nullable ? type[1]! : type) }
})

function baseOf(type: AvroType): Base {
  if (typeof type === 'object' && !Array.isArray(type)) return type.symbols ?? baseOf(type.type)
  if (type === 'string' || type === 'int' || type === 'long') return type
  throw new Error(`no reader for the type ${JSON.stringify(type)} of ${CURATED_SUBJECT}`)
}

/** A framed row. @param id of the schema, as registered */
export function encodeRow(row: Row, id: number): Buffer {
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(id, 1)
  return Buffer.concat([frame, ...FIELDS.map((field) => encodeField(field, row[field.name]!))])
}

function encodeField({ base, nullable }: Field, value: string | number | null): Buffer {
  if (value === null) return Buffer.of(0)
  const body = encodeValue(base, value)
  return nullable ? Buffer.concat([Buffer.of(2), body]) : body
}

function encodeValue(base: Base, value: string | number): Buffer {
  if (typeof base === 'object') return varint(base.indexOf(String(value)))
  if (base !== 'string') return varint(Number(value))
  const text = Buffer.from(String(value))
  return Buffer.concat([varint(text.length), text])
}

function varint(n: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt(n) >= 0n ? BigInt(n) * 2n : BigInt(n) * -2n - 1n
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

/** A row's fields. @returns what is wrong, in words, where it is none */
export function decodeRow(value: Buffer | null, id: number): Row | string {
  if (value === null) return 'no value'
  if (value.length < 5 || value[0] !== 0) return 'no Confluent frame'
  if (value.readUInt32BE(1) !== id)
    return `schema id ${value.readUInt32BE(1)}, not ${id}, which the registry has for the file`
  let at = 5
  const number = () => {
    let n = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = value[at++]
      if (byte === undefined) throw new RangeError('ends within a number')
      n |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return Number(n & 1n ? -(n >> 1n) - 1n : n >> 1n)
  }
  const read = (base: Base) => {
    const n = number()
    if (typeof base === 'object') return base[n] ?? `symbol ${n}`
    if (base !== 'string') return n
    if (n < 0 || at + n > value.length) throw new RangeError('ends within a string')
    return value.toString('utf8', at, (at += n))
  }
  try {
    const row = Object.fromEntries(
      FIELDS.map(({ name, base, nullable }) => [
        name,
        nullable && number() === 0 ? null : read(base),
      ]),
    )
    return at === value.length ? row : `${value.length - at} bytes after the row`
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return error.message
  }
}

/** The fields that differ, each with both values; where none does, the bytes themselves. */
export function rowDifferences(expected: Row, seen: Buffer | null, id: number): string[] {
  const row = decodeRow(seen, id)
  if (typeof row === 'string') return [`the value is not a row: ${row}`]
  const fields = FIELDS.flatMap(({ name }) =>
    expected[name] === row[name]
      ? []
      : [`${name}: expected ${show(expected[name])}, seen ${show(row[name])}`],
  )
  if (fields.length > 0) return fields
  const [a, b] = [encodeRow(expected, id), seen!]
  const at = a.findIndex((byte, i) => byte !== b[i])
  return a.equals(b)
    ? []
    : [`every field is equal, but the bytes differ from byte ${at} on (an encoding of its own)`]
}

const show = (value: unknown) => JSON.stringify(value)
