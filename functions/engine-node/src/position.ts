import { hash } from 'node:crypto'
import type { RecordList } from '@order-up/kit'
import { CONTRACT_VERSION } from '@order-up/schemas'
import { z } from 'zod'

export const LastRecord = z.object({ offset: z.int().min(0), sha256: z.string() })
export type LastRecord = z.infer<typeof LastRecord>

/** Which part of which log a state is the fold of. */
export const Position = z.object({
  contractVersion: z.int(),
  /** of the raw topic */
  partitions: z.int(),
  /** the state is the fold of all raw records below this offset */
  next: z.int().min(0),
  /** the last record below `next`: where raw no longer holds it, the topic is another one. null = none */
  last: LastRecord.nullable(),
})
export type Position = z.infer<typeof Position>

export const startOf = (partitions: number): Position => ({
  contractVersion: CONTRACT_VERSION,
  partitions,
  next: 0,
  last: null,
})

/** Of the record at an index. */
export function lastRecordOf(records: RecordList, i: number): LastRecord {
  const parts = [records.keyAt(i), records.valueAt(i)]
  const text = parts.map((part) => part?.toString('base64') ?? 'null').join(' ')
  return { offset: records.offsets[i]!, sha256: hash('sha256', text) }
}

/** Whether a state at this position can be the beginning of what is to be emitted from `emitFrom` on. */
export function usable(position: Position, partitions: number, low: number, emitFrom: number) {
  return (
    position.contractVersion === CONTRACT_VERSION &&
    position.partitions === partitions &&
    position.next <= emitFrom &&
    // its last record is read again to recognise the topic
    (position.last === null ? low === 0 : position.last.offset >= low)
  )
}
