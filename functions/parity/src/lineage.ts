import { DLQ_HEADERS, FILLED_HEADER, ROW_HEADERS } from '@order-up/schemas'
import { visitHeaders, type RecordView } from '@order-up/kit'
import type { Kind } from './report.ts'

/** another deployment wrote it */
export const NOT_OURS = -1
/** written at the end of a swap, as a copy of what is in a shadow topic: no second record of the engine */
export const FILLED = -2
/** it does not say, as the contract asks, of which raw record of its own partition it is */
export const STRAY = -3

/** Of which raw record a record is, by its headers. */
export type LineageOf = (record: RecordView) => number

interface Names {
  engine: Buffer
  partition: Buffer
  offset: Buffer
}

const names = (engine: string, partition: string, offset: string): Names => ({
  engine: Buffer.from(engine),
  partition: Buffer.from(partition),
  offset: Buffer.from(offset),
})
const NAMES: Readonly<Record<Kind, Names>> = {
  row: names(ROW_HEADERS.engine, ROW_HEADERS.partition, ROW_HEADERS.offset),
  'dead letter': names(DLQ_HEADERS.engine, DLQ_HEADERS.partition, DLQ_HEADERS.offset),
}
const FILLED_NAME = Buffer.from(FILLED_HEADER)

/**
 * @returns asks for the raw offset of a record, where the deployment wrote it; else NOT_OURS, FILLED or STRAY. A header
 * that comes more than once says what it says last.
 */
export function lineageOf(kind: Kind, deployment: string, partition: number): LineageOf {
  const { engine, partition: partitionName, offset: offsetName } = NAMES[kind]
  const self = Buffer.from(deployment)
  const own = Buffer.from(String(partition))
  let mine = false
  let filled = false
  let placed = false
  let offset = -1
  let current: Buffer
  const header = (nameStart: number, nameLength: number, start: number, length: number) => {
    if (isAt(current, nameStart, nameLength, offsetName)) offset = decimal(current, start, length)
    else if (isAt(current, nameStart, nameLength, engine)) mine = isAt(current, start, length, self)
    else if (isAt(current, nameStart, nameLength, partitionName))
      placed = isAt(current, start, length, own)
    else if (isAt(current, nameStart, nameLength, FILLED_NAME)) filled = true
  }
  return (record) => {
    mine = filled = placed = false
    offset = -1
    current = record.buf
    visitHeaders(record, header)
    if (!mine) return NOT_OURS
    if (filled) return FILLED
    return placed && offset >= 0 ? offset : STRAY
  }
}

function isAt(buf: Buffer, start: number, length: number, what: Buffer): boolean {
  if (length !== what.length) return false
  for (let i = 0; i < length; i++) if (buf[start + i] !== what[i]) return false
  return true
}

function decimal(buf: Buffer, start: number, length: number): number {
  if (length < 1 || length > 15) return -1
  let value = 0
  for (let i = start; i < start + length; i++) {
    const digit = buf[i]! - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
