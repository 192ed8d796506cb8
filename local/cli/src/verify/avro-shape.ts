import { isUtf8 } from 'node:buffer'

/** An Avro schema as its JSON says it, as far as this project's schemas use the language. */
type Schema =
  | string
  | Schema[]
  | {
      type: string | Schema
      name?: string
      fields?: { type: Schema }[]
      symbols?: string[]
      items?: Schema
    }

/** Why bytes are not one record of a schema, in the contract's words. */
export type Broken = 'not_decodable' | 'trailing_bytes' | 'invalid_utf8'

interface Cursor {
  bytes: Buffer
  at: number
  badText: boolean
}
type Skip = (c: Cursor) => void

class EndsEarly extends Error {}

/**
 * Whether bytes have the shape of a schema's record, read off the schema itself and not off the project's codec.
 * avsc alone cannot tell: it reads past the end, takes varints of any length, and allocates what a bad count asks for.
 */
export function shapeOf(schema: object): (body: Buffer) => Broken | null {
  const skip = compile(schema as Schema, new Map())
  return (body) => {
    const c: Cursor = { bytes: body, at: 0, badText: false }
    try {
      skip(c)
    } catch (error) {
      if (error instanceof EndsEarly) return 'not_decodable'
      throw error
    }
    if (c.at < body.length) return 'trailing_bytes'
    return c.badText ? 'invalid_utf8' : null
  }
}

function compile(schema: Schema, named: Map<string, Skip>): Skip {
  if (Array.isArray(schema)) {
    const branches = schema.map((branch) => compile(branch, named))
    return (c) => branches[index(c, branches.length)]!(c)
  }
  if (typeof schema === 'string') return named.get(schema) ?? primitive(schema)
  if (typeof schema.type !== 'string') return compile(schema.type, named)
  const name = schema.name ?? ''
  switch (schema.type) {
    case 'record': {
      const fields: Skip[] = []
      const skip: Skip = (c) => {
        for (const field of fields) field(c)
      }
      named.set(name, skip)
      for (const field of schema.fields ?? []) fields.push(compile(field.type, named))
      return skip
    }
    case 'enum': {
      const count = schema.symbols?.length ?? 0
      const skip: Skip = (c) => void index(c, count)
      named.set(name, skip)
      return skip
    }
    case 'array': {
      const item = compile(schema.items ?? 'null', named)
      return (c) => skipBlocks(c, item)
    }
    default:
      return compile(schema.type, named)
  }
}

function primitive(type: string): Skip {
  switch (type) {
    case 'null':
      return () => {}
    case 'int':
    case 'long':
      return (c) => void varint(c)
    case 'string':
      return skipText
    default:
      throw new Error(`no rule for the Avro type ${type}`)
  }
}

/** The zigzag-encoded number at the cursor: at most ten bytes, of which the value may pass 64 bits. */
function varint(c: Cursor): bigint {
  const from = c.at
  do {
    if (c.at === c.bytes.length || c.at - from === 10) throw new EndsEarly()
  } while (c.bytes[c.at++]! >= 0x80)
  return zigzag(c.bytes.subarray(from, c.at))
}

/** The exact value of a whole varint. */
export function zigzag(bytes: Uint8Array): bigint {
  let n = 0n
  for (let i = bytes.length - 1; i >= 0; i--) n = (n << 7n) | BigInt(bytes[i]! & 0x7f)
  return n & 1n ? -(n >> 1n) - 1n : n >> 1n
}

/** A number that shapes what follows. */
function structural(c: Cursor): number {
  const n = Number(varint(c))
  if (!Number.isSafeInteger(n)) throw new EndsEarly()
  return n
}

function size(c: Cursor): number {
  const n = structural(c)
  if (n < 0) throw new EndsEarly()
  return n
}

function index(c: Cursor, count: number): number {
  const n = size(c)
  if (n >= count) throw new EndsEarly()
  return n
}

function skipText(c: Cursor) {
  const length = size(c)
  const end = c.at + length
  if (end > c.bytes.length) throw new EndsEarly()
  if (!isUtf8(c.bytes.subarray(c.at, end))) c.badText = true
  c.at = end
}

function skipBlocks(c: Cursor, item: Skip) {
  for (;;) {
    const count = structural(c)
    if (count === 0) return
    if (count < 0) size(c) // a block may say its length in bytes
    for (let i = Math.abs(count); i > 0; i--) item(c)
  }
}
