import { TerminalError } from '@order-up/kit'
import {
  CURATED_SCHEMA_VERSION,
  CURATED_TOPIC,
  ROW_HEADERS,
  decodeCurated,
  frameId,
  type SchemaIds,
} from '@order-up/schemas'
import type { WarehouseRow } from './warehouse.ts'

/** A curated record as the worker or the Lambda gets it. */
export interface CuratedRecord {
  partition: number
  offset: number
  timestamp: number
  value: Buffer | null
  /** last value of each header, as text */
  header(name: string): string | undefined
}

interface DecodedRecords {
  /** the rows before the first record that cannot be merged */
  rows: WarehouseRow[]
  /** why that one cannot be, and so the sink must stop */
  failure?: { record: CuratedRecord; error: TerminalError }
}

export type Decode = (records: readonly CuratedRecord[]) => Promise<DecodedRecords>

/**
 * @param fetchIds the curated subject's ids, asked for at the first record and whenever an id is unknown; it should
 * wait for a registry that does not answer, because that is not "unknown"
 */
export function createDecoder(fetchIds: () => Promise<SchemaIds>): Decode {
  let ids: SchemaIds = new Map()
  return async (records) => {
    const rows: WarehouseRow[] = []
    for (const record of records) {
      const id = record.value === null ? undefined : frameId(record.value)
      if (id !== undefined && !ids.has(id)) ids = await fetchIds()
      const row = toRow(record, ids)
      if (row instanceof TerminalError) return { rows, failure: { record, error: row } }
      rows.push(row)
    }
    return { rows }
  }
}

function toRow(record: CuratedRecord, ids: SchemaIds): WarehouseRow | TerminalError {
  const { partition, offset, timestamp } = record
  const at = `${CURATED_TOPIC}, partition ${partition}, offset ${offset}`
  const decoded = decodeCurated(record.value, ids)
  switch (decoded.kind) {
    case 'row':
      return {
        order: decoded.row,
        rawPartition: integer(record.header(ROW_HEADERS.partition)),
        rawOffset: integer(record.header(ROW_HEADERS.offset)),
        engine: record.header(ROW_HEADERS.engine) ?? null,
        partition,
        offset,
        timestamp,
      }
    case 'newer_schema':
      return new TerminalError(
        'NEWER_SCHEMA',
        `${at} has version ${decoded.version} of the curated schema, and this sink knows ${CURATED_SCHEMA_VERSION}`,
        { remedy: 'deploy a newer sink; nothing is lost, it goes on from the committed offsets' },
      )
    case 'invalid':
      return new TerminalError('BROKEN_ROW', `${at} is not a curated row: ${decoded.detail}`, {
        remedy:
          'find out who wrote it: only engines write to this topic. Nothing after it is merged',
      })
  }
}

/** Lineage means nothing to a consumer of rows, so what cannot be read is null and stops nobody. */
function integer(text: string | undefined): number | null {
  const number = text === undefined || text === '' ? NaN : Number(text)
  return Number.isSafeInteger(number) ? number : null
}
