import type { Writer } from './writer.ts'

/** The newest version of each subject that this code knows; both subjects start at 1. */
export const RAW_SCHEMA_VERSION = 1
export const CURATED_SCHEMA_VERSION = 1

const MAGIC = 0x00
/** What stands before an Avro body: 0x00 and the schema id. */
export const FRAME_BYTES = 5

/** The ids that the registry lists for a subject, each with its version there. */
export type SchemaIds = ReadonlyMap<number, number>

/** The schema id of a Confluent-framed value; undefined where there is no frame. */
export function frameId(value: Buffer): number | undefined {
  const id = frameIdAt(value, 0, value.length)
  return id < 0 ? undefined : id
}

/** The schema id of a framed value within a larger buffer; -1 where there is no frame. */
export function frameIdAt(buf: Uint8Array, at: number, length: number): number {
  if (length < FRAME_BYTES || buf[at] !== MAGIC) return -1
  return ((buf[at + 1]! << 24) | (buf[at + 2]! << 16) | (buf[at + 3]! << 8) | buf[at + 4]!) >>> 0
}

/** Begins a framed value. @returns where it begins */
export function writeFrame(w: Writer, id: number): number {
  const start = w.pos
  w.byte(MAGIC)
  w.uint32(id)
  return start
}
