import { RowHeaders } from '@order-up/engine-node/testing'
import type { StateStore } from '@order-up/engine-node/store'
import { foldInto, roomFor, writeRow } from '@order-up/fold'
import { EncodedRecords, recordsOf, type RecordList } from '@order-up/kit'
import {
  EventFacts,
  murmur2Of,
  partitionOfHash,
  readFacts,
  Writer,
  type SchemaIds,
} from '@order-up/schemas'

/** What one partition's fetches brought, and the state that is to be changed by them. */
export interface Work {
  partition: number
  partitions: number
  ids: SchemaIds
  curatedSchemaId: number
  fetches: readonly Fetch[]
  store: StateStore
}

export interface Fetch {
  from: number
  batches: Buffer
}

/** in a transaction: rows of so many fit into the topic's batches of 1 MiB */
const BATCH = 2_000

/** What a pass does: each does what those before it do, in this order. */
export const PASSES = [
  'records of a fetch, as columns',
  'the event, read and checked',
  'its order, found',
  'the fold, and the state put',
  'the row',
  'the record, encoded',
] as const

const [, READ, FIND, FOLD, ROW, ENCODE] = [0, 1, 2, 3, 4, 5] as const

const facts = new EventFacts()
const row = new Writer(1 << 10)

/**
 * As step.ts of the engine has it, for plain events, up to a depth.
 * @param depth index of the last of PASSES
 * @returns what would be sent, by transaction; empty before the last depth
 */
export function pass(work: Work, depth: number): EncodedRecords[] {
  const headers = new RowHeaders('node-1', work.partition)
  return work.fetches.flatMap(({ from, batches }) => {
    const { list } = recordsOf(batches, from, [])
    if (depth < READ) return []
    const out: EncodedRecords[] = []
    for (let start = 0; start < list.length; start += BATCH) {
      const records = new EncodedRecords(work.partition)
      overList(work, list, start, depth, headers, records)
      out.push(records)
    }
    return out
  })
}

function overList(
  { partition, partitions, ids, curatedSchemaId, store }: Work,
  list: RecordList,
  start: number,
  depth: number,
  headers: RowHeaders,
  out: EncodedRecords,
): void {
  const { bufs, offsets, keyStarts, keyLengths, valueStarts, valueLengths } = list
  const end = Math.min(list.length, start + BATCH)
  for (let i = start; i < end; i++) {
    const buf = bufs[i]!
    const keyStart = keyStarts[i]!
    const keyLength = keyLengths[i]!
    const hash = murmur2Of(buf, keyStart, keyLength)
    if (
      partitionOfHash(hash, partitions) !== partition ||
      !readFacts(facts, ids, buf, keyStart, keyLength, valueStarts[i]!, valueLengths[i]!)
    )
      throw new Error(`offset ${offsets[i]} of partition ${partition} is no plain event`)
    if (depth < FIND) continue
    const from = store.find(hash, buf, keyStart, keyLength) ? store.memory : null
    if (depth < FOLD) continue
    const { at, length } = store
    store.reserve(roomFor(from, at, length, facts))
    const { roomMemory, roomAt } = store
    const size = foldInto(from, at, length, facts, roomMemory, roomAt)
    if (size === 0) continue
    store.put(size)
    if (depth < ROW) continue
    row.pos = 0
    writeRow(row, curatedSchemaId, buf, keyStart, keyLength, roomMemory, roomAt, size)
    if (depth < ENCODE) continue
    headers.of(offsets[i]!)
    out.add(buf, keyStart, keyLength, row.buffer, 0, row.pos, headers.buffer, headers.length)
  }
}
