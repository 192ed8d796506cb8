import { currentSchema, RAW_SUBJECT, type SchemaIds, RAW_SCHEMA_VERSION } from '@order-up/schemas'
import { TerminalError } from '@order-up/kit'
import avsc from 'avsc'
import { shapeOf, zigzag, type Broken } from './avro-shape.ts'

/** What a raw value holds, by a reading that shares nothing with the project's codec; judged later, in SQL. */
export type Reading =
  | { broken: 'null_value' | 'framing' | 'unknown_schema_id' | Broken }
  | { broken: null; event: WideEvent }

/** An event as the bytes say it, whatever the contract thinks of it: every number a 64-bit integer, saturated. */
interface WideEvent {
  event_id: string
  event_type: string
  event_ts: bigint
  order_id: string
  schema_version: bigint
  /** the payload record's name, null for none */
  branch: string | null
  payload: Readonly<Record<string, string | bigint | WideItem[] | null>>
}

export interface WideItem {
  sku: string
  quantity: bigint
  unit_amount: bigint
}

const INT64_MAX = 2n ** 63n - 1n

// int and long look the same in Avro's bytes: both are read exactly, so that the rules on their range can be SQL's
const wideInteger = avsc.types.LongType.__with(
  {
    fromBuffer: (bytes: Buffer) => saturate(zigzag(bytes)),
    toBuffer: () => refuse(),
    fromJSON: () => refuse(),
    toJSON: () => refuse(),
    isValid: () => refuse(),
    compare: () => refuse(),
  },
  true,
)

const saturate = (n: bigint) => (n > INT64_MAX ? INT64_MAX : n < -INT64_MAX ? -INT64_MAX : n)

function refuse(): never {
  throw new Error('this type only reads')
}

interface AvscEvent extends Omit<WideEvent, 'branch' | 'payload'> {
  payload: Readonly<Record<string, WideEvent['payload']>> | null
}

/**
 * A reader of raw values on avsc.
 * @throws TerminalError `NEWER_SCHEMA` on a value of a schema that this code does not know
 */
export function independentReader(ids: SchemaIds): (value: Buffer | null) => Reading {
  const schema = withoutDefaults(currentSchema(RAW_SUBJECT))
  const brokenShape = shapeOf(schema)
  const type = avsc.Type.forSchema(schema as avsc.Schema, {
    typeHook: (s) => (isInteger(s) ? wideInteger : undefined),
  })

  return (value) => {
    if (value === null) return { broken: 'null_value' }
    if (value.length < 5 || value[0] !== 0) return { broken: 'framing' }
    const id = value.readUInt32BE(1)
    const version = ids.get(id)
    if (version === undefined) return { broken: 'unknown_schema_id' }
    if (version > RAW_SCHEMA_VERSION) throw newerSchema(id, version)
    const body = value.subarray(5)
    const broken = brokenShape(body)
    if (broken) return { broken }
    const { payload, ...envelope } = type.fromBuffer(body) as AvscEvent
    const [branch, fields] = Object.entries(payload ?? {})[0] ?? [null, {}]
    return {
      broken: null,
      event: { ...envelope, branch: branch?.replace(/^.*\./, '') ?? null, payload: fields },
    }
  }
}

/** Defaults play no part in reading with the writer's own schema, and avsc would encode them. */
const withoutDefaults = (schema: object) =>
  JSON.parse(JSON.stringify(schema), (key: string, value: unknown) =>
    key === 'default' ? undefined : value,
  ) as object

function isInteger(schema: unknown): boolean {
  const type = (schema as { type?: unknown }).type ?? schema
  return type === 'int' || type === 'long'
}

export const newerSchema = (id: number, version: number) =>
  new TerminalError(
    'NEWER_SCHEMA',
    `The raw topic holds records of schema version ${version} (id ${id}), newer than this code's ${RAW_SCHEMA_VERSION}`,
    { remedy: 'verify with a release that knows that schema' },
  )
