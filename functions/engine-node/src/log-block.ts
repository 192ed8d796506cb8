import { crc32 } from 'node:zlib'
import type { Memory } from '@order-up/fold'
import { Position } from './position.ts'

/*
 * A log is a sequence of blocks, in segments. All numbers are little-endian, and all begins at a multiple of 8, so that
 * a state's floats are aligned.
 *   head, of 256 bytes:
 *      0 magic   4 CRC-32 of all that follows   8 length of the block   12 its segment   16 its position there
 *     20 the oldest segment that it needs: those before are gone, and what they held has been written again
 *     24 length of the JSON   28 what the log stands for as JSON; null: more blocks must follow before it stands for
 *        anything
 *   records:
 *      0 hash of the key   4 length of the key   8 length of the state
 *     12 segment and position (16) of the record of this key that it replaces; -1 = none
 *     20 key, and the state from the next multiple of 8 on
 */
/** Another one where this format changes, or the fold's layout of a state: what is of before is folded again. */
const MAGIC = 0x324c534f
export const BLOCK_HEAD = 256
const JSON_AT = 28
const KEY_AT = 20
/** The record replaces none. */
export const NONE = -1

/** @param length below 2 GiB, as everything in a log */
export const aligned = (length: number) => (length + 7) & ~7

/** Where in a record the state begins. */
export const stateAt = (keyLength: number) => aligned(KEY_AT + keyLength)

export interface Block {
  segment: number
  start: number
  /** where the next one begins */
  end: number
  /** the oldest segment it needs */
  oldest: number
  /** null: more blocks follow */
  position: Position | null
}

/** Writes the head of the block that lies in `memory` from its start to its end. */
export function sealBlock({ bytes, view }: Memory, block: Block): void {
  const { segment, start, end, oldest, position } = block
  const json = Buffer.from(JSON.stringify(position))
  if (json.length > BLOCK_HEAD - JSON_AT)
    throw new RangeError(`a position of ${json.length} bytes: ${json.toString()}`)
  bytes.fill(0, start, start + BLOCK_HEAD)
  view.setInt32(start, MAGIC, true)
  view.setInt32(start + 8, end - start, true)
  view.setInt32(start + 12, segment, true)
  view.setInt32(start + 16, start, true)
  view.setInt32(start + 20, oldest, true)
  view.setInt32(start + 24, json.length, true)
  bytes.set(json, start + JSON_AT)
  view.setUint32(start + 4, crc32(bytes.subarray(start + 8, end)), true)
}

/** How long the block is that begins there; 0 = there is none. Nothing else of it is checked. */
export function blockLength({ view }: Memory, start: number, end: number): number {
  if (start + BLOCK_HEAD > end || view.getInt32(start, true) !== MAGIC) return 0
  const length = view.getInt32(start + 8, true)
  return length < BLOCK_HEAD || length % 8 !== 0 ? 0 : length
}

/** The segment that a block with this head belongs to. */
export const blockSegment = ({ view }: Memory, start: number) => view.getInt32(start + 12, true)

/** The block that begins there; undefined where there is none, or one that is damaged or of another place. */
export function readBlock(
  memory: Memory,
  segment: number,
  start: number,
  end: number,
): Block | undefined {
  const { bytes, view } = memory
  const length = blockLength(memory, start, end)
  if (length === 0 || start + length > end) return undefined
  if (crc32(bytes.subarray(start + 8, start + length)) !== view.getUint32(start + 4, true))
    return undefined
  if (blockSegment(memory, start) !== segment || view.getInt32(start + 16, true) !== start)
    return undefined
  const jsonEnd = start + JSON_AT + view.getInt32(start + 24, true)
  const json: unknown = JSON.parse(bytes.toString('utf8', start + JSON_AT, jsonEnd))
  const position = Position.nullable().safeParse(json)
  if (!position.success) return undefined
  const oldest = view.getInt32(start + 20, true)
  return { segment, start, end: start + length, oldest, position: position.data }
}

/** Writes all of a record but its state. */
export function writeRecord(
  { bytes, view }: Memory,
  at: number,
  hash: number,
  key: Buffer,
  keyStart: number,
  keyLength: number,
  stateLength: number,
): void {
  view.setInt32(at, hash, true)
  view.setInt32(at + 4, keyLength, true)
  view.setInt32(at + 8, stateLength, true)
  for (let i = 0; i < keyLength; i++) bytes[at + KEY_AT + i] = key[keyStart + i]!
}

export function writeReplaced(
  { view }: Memory,
  at: number,
  segment: number,
  position: number,
): void {
  view.setInt32(at + 12, segment, true)
  view.setInt32(at + 16, position, true)
}

export const hashOf = ({ view }: Memory, at: number) => view.getInt32(at, true)
export const replacedSegment = ({ view }: Memory, at: number) => view.getInt32(at + 12, true)
export const replacedPosition = ({ view }: Memory, at: number) => view.getInt32(at + 16, true)

/** How long a record is, without what aligns the next. */
export const recordLength = ({ view }: Memory, at: number) =>
  stateAt(view.getInt32(at + 4, true)) + view.getInt32(at + 8, true)

/** Whether the record is of this key. */
export function isOfKey(
  { bytes, view }: Memory,
  at: number,
  key: Buffer,
  keyStart: number,
  keyLength: number,
): boolean {
  if (view.getInt32(at + 4, true) !== keyLength) return false
  const from = at + KEY_AT
  for (let i = 0; i < keyLength; i++) if (bytes[from + i] !== key[keyStart + i]) return false
  return true
}
