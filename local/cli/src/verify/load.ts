import { hash } from 'node:crypto'
import {
  DLQ_HEADERS,
  FILLED_HEADER,
  ROW_HEADERS,
  decodeCurated,
  type SchemaIds,
} from '@order-up/schemas'
import type { TopicRecord } from '@order-up/kit'
import { kafkajs } from '@order-up/kit'
import type { IHeaders, PartitionMetadata } from 'kafkajs'
import { independentReader, type WideItem } from './independent.ts'
import type { Scratch } from './scratch.ts'
import { CURATED, DEAD_LETTER, ITEM, RAW } from './tables.ts'

/** Takes the records of one topic into the scratch database. */
export interface Loader {
  add(record: TopicRecord): void
  end(): void
}

/** The bytes of a curated row without its frame, as a short name for them. */
export const digestOf = (framed: Buffer) =>
  hash('sha256', framed.subarray(5), 'buffer').subarray(0, 16)

/** → raw, item */
export async function rawLoader(db: Scratch, ids: SchemaIds, partitions: number): Promise<Loader> {
  const raw = await db.table('raw', RAW)
  const items = await db.table('item', ITEM)
  const read = independentReader(ids)
  const home = partitioner(partitions)
  return {
    add({ partition: p, offset: o, key, value, headers }) {
      const reading = read(value)
      const base = { p, o, key, value, headers: headersText(headers), home: home(key) }
      if (reading.broken !== null) return raw.add({ ...base, broken: reading.broken })
      const { payload, ...envelope } = reading.event
      const { items: list = null, ...fields } = payload
      raw.add({
        ...base,
        ...envelope,
        ...(fields as Record<string, string | bigint>),
        has_items: list !== null,
      })
      for (const item of (list ?? []) as WideItem[]) items.add({ p, o, ...item })
    },
    end() {
      raw.end()
      items.end()
    },
  }
}

/** So many keys are remembered: records of one order lie near each other. */
const KEYS = 50_000

/** kafkajs's partitioner, which has its own murmur2, a slow one. */
function partitioner(partitions: number): (key: Buffer | null) => number | null {
  const partitionMetadata = Array.from(
    { length: partitions },
    (_, partitionId) => ({ partitionId, leader: 0 }) as PartitionMetadata,
  )
  const choose = kafkajs.Partitioners.DefaultPartitioner()
  const known = new Map<string, number>()
  return (key) => {
    if (key === null) return null
    const name = key.toString('latin1')
    const home =
      known.get(name) ?? choose({ topic: '', partitionMetadata, message: { key, value: null } })
    if (known.size === KEYS) known.clear()
    known.set(name, home)
    return home
  }
}

/** → curated */
export async function curatedLoader(db: Scratch, ids: SchemaIds): Promise<Loader> {
  const table = await db.table('curated', CURATED)
  return {
    add({ partition: p, offset: o, key, value, headers }) {
      const decoded = decodeCurated(value, ids)
      const base = {
        p,
        o,
        key,
        engine: text(headers, ROW_HEADERS.engine),
        raw_partition: integer(headers, ROW_HEADERS.partition),
        raw_offset: integer(headers, ROW_HEADERS.offset),
        filled: FILLED_HEADER in headers,
      }
      if (decoded.kind !== 'row' || value === null) {
        const invalid = decoded.kind === 'invalid' ? decoded.detail : decoded.kind
        return table.add({ ...base, invalid })
      }
      const { order_id, version } = decoded.row
      table.add({ ...base, order_id, version, digest: digestOf(value) })
    },
    end: () => table.end(),
  }
}

/** → dead_letter */
export async function deadLetterLoader(db: Scratch): Promise<Loader> {
  const table = await db.table('dead_letter', DEAD_LETTER)
  return {
    add({ partition: p, offset: o, key, value, headers }) {
      table.add({
        p,
        o,
        key,
        value,
        headers: headersText(headers),
        engine: text(headers, DLQ_HEADERS.engine),
        topic: text(headers, DLQ_HEADERS.topic),
        reason: text(headers, DLQ_HEADERS.reason),
        raw_partition: integer(headers, DLQ_HEADERS.partition),
        raw_offset: integer(headers, DLQ_HEADERS.offset),
        filled: FILLED_HEADER in headers,
      })
    },
    end: () => table.end(),
  }
}

const OURS: ReadonlySet<string> = new Set([...Object.values(DLQ_HEADERS), FILLED_HEADER])

/** The record's own headers, without what a dead letter adds; null for none. */
function headersText(headers: IHeaders): string | null {
  const own = Object.entries(headers)
    .filter(([name]) => !OURS.has(name))
    .map(([name, value]) => [name, [value ?? null].flat().map(hex)])
  return own.length === 0 ? null : JSON.stringify(own)
}

const hex = (value: Buffer | string | null) =>
  value === null ? null : Buffer.from(value).toString('hex')

function text(headers: IHeaders, name: string): string | null {
  const value = headers[name]
  return value === undefined || Array.isArray(value) ? null : value.toString()
}

function integer(headers: IHeaders, name: string): number | null {
  const value = text(headers, name)
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null
}
