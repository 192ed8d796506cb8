import {
  decodeRaw,
  EVENT_TYPES,
  Reader,
  RAW_TOPIC,
  type EventType,
  type SchemaIds,
} from '@order-up/schemas'
import type { Lane } from './lane.ts'
import { visitRecords, type Cursor, type FetchedBatches, type RecordView } from '@order-up/kit'

/** The event types that raw holds, and of which rows were compared. */
export class EventTypesSeen {
  readonly held: Set<string>
  readonly compared: Set<string>

  constructor(held: Iterable<string> = [], compared: Iterable<string> = []) {
    this.held = new Set(held)
    this.compared = new Set(compared)
  }

  /** There is nothing more to look for. */
  get complete(): boolean {
    return this.compared.size === EVENT_TYPES.length
  }
}

export interface RawCursorOptions {
  partition: number
  start: number
  /** of rows */
  lane: Lane
  types: EventTypesSeen
  /** all of the raw subject */
  ids: SchemaIds
  partitions: number
}

/**
 * Reads raw behind the comparison, to know which event types it holds and which of them are among the rows compared,
 * until all types there are have been. Of most records it reads no more than where the type stands.
 */
export class RawCursor implements Cursor {
  readonly topic = RAW_TOPIC
  readonly partition: number
  readonly #o: RawCursorOptions
  #position: number

  constructor(options: RawCursorOptions) {
    this.partition = options.partition
    this.#position = options.start
    this.#o = options
  }

  get position(): number {
    return this.#position
  }

  /** Of the raw records below it is known what they are, or does not matter. */
  get floor(): number {
    const { to } = this.#o.lane.counts
    return this.#o.types.complete ? to : Math.min(to, this.#position)
  }

  isPaused(): boolean {
    const { lane, types } = this.#o
    const { from, to } = lane.counts
    // what raw holds is known, and nothing below was compared
    if (types.held.size === EVENT_TYPES.length && this.#position < from) this.#position = from
    return types.complete || this.#position >= to
  }

  take({ aborted, batches }: FetchedBatches): void {
    const { lane } = this.#o
    const { to } = lane.counts
    const next = visitRecords(batches, this.#position, aborted, (record) => {
      if (record.offset < to) this.#look(record)
    })
    this.#position = Math.min(next, Math.max(to, this.#position))
  }

  #look(record: RecordView): void {
    const { lane, types, ids, partition, partitions } = this.#o
    const type = typeAt(record)
    if (type === undefined) return
    if (!types.held.has(type)) {
      const { buf, keyStart, keyLength, valueStart, valueLength } = record
      const key = keyLength < 0 ? null : buf.subarray(keyStart, keyStart + keyLength)
      const value = buf.subarray(valueStart, valueStart + valueLength)
      // a malformed record of a type is none of it
      if (decodeRaw({ key, value, partition }, ids, partitions).kind !== 'event') return
      types.held.add(type)
    }
    if (!types.compared.has(type) && lane.compared(record.offset)) types.compared.add(type)
  }
}

const FRAME_BYTES = 5

/** What stands where the type does; undefined where there is none, or one that this code does not know. */
function typeAt({ buf, valueStart, valueLength }: RecordView): EventType | undefined {
  if (valueLength <= FRAME_BYTES) return undefined
  const reader = new Reader(buf)
  reader.pos = valueStart + FRAME_BYTES
  const end = valueStart + valueLength
  try {
    const length = reader.size('length') // of event_id
    reader.pos += length
    if (reader.pos >= end) return undefined
    return EVENT_TYPES[reader.index(EVENT_TYPES.length + 1) - 1]
  } catch {
    return undefined
  }
}
