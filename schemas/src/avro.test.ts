import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import avsc from 'avsc'
import { AVRO_SCHEMAS, currentSchema } from './avro.ts'
import { CURATED_SCHEMA_VERSION, RAW_SCHEMA_VERSION } from './frame.ts'
import { STATUSES } from './curated.ts'
import { EVENT_TYPES, PAYLOAD_RECORDS } from './event.ts'
import { curatedRow, toAvsc, validEvent } from './events.fixture.ts'
import { CURATED_SUBJECT, RAW_SUBJECT } from './names.ts'
import fc from 'fast-check'

type Node = string | Node[] | { [key: string]: unknown; name?: string; type?: Node }
interface Field {
  name: string
  type: Node
  default?: unknown
}
const fieldsOf = (schema: object) => (schema as { fields: Field[] }).fields
const fieldOf = (schema: object, name: string) => fieldsOf(schema).find((f) => f.name === name)!

/** Every record and enum in a schema, at any depth. */
function namedTypes(node: unknown): { type: string; name: string; [key: string]: unknown }[] {
  if (typeof node !== 'object' || node === null) return []
  const within = Object.values(node).flatMap(namedTypes)
  const type = node as { type: string; name: string }
  return type.type === 'record' || type.type === 'enum' ? [type, ...within] : within
}

test('each file of avro/ is a released version of its subject, and nothing is missing', () => {
  const names = readdirSync(new URL('../avro', import.meta.url)).toSorted()
  const expected = Object.entries(AVRO_SCHEMAS).flatMap(([subject, versions]) =>
    versions.map((_, i) => `${subject}.v${i + 1}.json`),
  )
  assert.deepEqual(names, expected.toSorted())
})

test('the versions that the code writes are the newest released', () => {
  assert.equal(AVRO_SCHEMAS[RAW_SUBJECT]!.length, RAW_SCHEMA_VERSION)
  assert.equal(AVRO_SCHEMAS[CURATED_SUBJECT]!.length, CURATED_SCHEMA_VERSION)
  assert.throws(() => currentSchema('orders.events.raw-key'), /orders.events.raw-key/)
})

test('the enums and the payload union have the symbols and branches of the types, in their order', () => {
  const raw = currentSchema(RAW_SUBJECT)
  const type = fieldOf(raw, 'event_type').type as { symbols: string[] }
  assert.deepEqual(type.symbols, ['UNKNOWN', ...EVENT_TYPES])
  const payload = fieldOf(raw, 'payload')
  const [none, ...records] = payload.type as (string | { name: string })[]
  assert.equal(none, 'null')
  assert.deepEqual(
    records.map((record) => (record as { name: string }).name),
    PAYLOAD_RECORDS,
  )
  const status = fieldOf(currentSchema(CURATED_SUBJECT), 'status').type as { symbols: string[] }
  assert.deepEqual(status.symbols, STATUSES)
})

// FULL_TRANSITIVE: what can be added later must have a default, and an old reader must have a word for new symbols.
test('the schemas leave room to grow: enums have a default, nullable fields too', () => {
  for (const schema of Object.values(AVRO_SCHEMAS).flat()) {
    for (const named of namedTypes(schema)) {
      if (named.type === 'enum') assert.equal(named['default'], 'UNKNOWN', named.name)
      else
        for (const field of fieldsOf(named))
          if (Array.isArray(field.type) && field.type[0] === 'null')
            assert.equal(field.default, null, `${named.name}.${field.name}`)
    }
  }
})

const next = (subject: string, change: (schema: { fields: object[] }) => void) => {
  const schema = structuredClone(currentSchema(subject)) as { fields: object[] }
  change(schema)
  return avsc.Type.forSchema(schema as unknown as avsc.Schema)
}

test('a new event type and a new optional field are read by this version, and this one by theirs', () => {
  const old = avsc.Type.forSchema(currentSchema(RAW_SUBJECT) as avsc.Schema)
  const grown = next(RAW_SUBJECT, ({ fields }) => {
    const type = (fields.find((f) => (f as Field).name === 'event_type') as Field).type
    ;(type as unknown as { symbols: string[] }).symbols.push('ORDER_RETURNED')
    fields.push({ name: 'order_returned', type: ['null', 'string'], default: null })
  })
  const [event] = fc.sample(validEvent, { numRuns: 1, seed: 3 })
  const newer = {
    ...event!,
    event_type: 'ORDER_RETURNED',
    payload: null,
    order_returned: 'wrong size',
  }

  const readByOld = old.fromBuffer(grown.toBuffer(newer), old.createResolver(grown)) as object
  const readByNew = grown.fromBuffer(old.toBuffer(toAvsc(event!)), grown.createResolver(old))

  const { order_returned: _, ...known } = newer
  assert.deepEqual({ ...readByOld }, { ...known, event_type: 'UNKNOWN' })
  assert.equal((readByNew as { order_returned: unknown }).order_returned, null)
})

test('a new status and a new optional column are read by this version', () => {
  const old = avsc.Type.forSchema(currentSchema(CURATED_SUBJECT) as avsc.Schema)
  const grown = next(CURATED_SUBJECT, ({ fields }) => {
    const status = (fields.find((f) => (f as Field).name === 'status') as Field).type
    ;(status as unknown as { symbols: string[] }).symbols.push('RETURNED')
    fields.push({ name: 'returned_at', type: ['null', 'long'], default: null })
  })
  const [row] = fc.sample(curatedRow, { numRuns: 1, seed: 3 })

  const bytes = grown.toBuffer({ ...row!, status: 'RETURNED', returned_at: 5 })
  const read = old.fromBuffer(bytes, old.createResolver(grown)) as object

  assert.deepEqual({ ...read }, { ...row!, status: 'UNKNOWN' })
})
