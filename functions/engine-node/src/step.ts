import {
  bucketOf,
  bucketOfRange,
  CURATED_TOPIC,
  decodeRaw,
  DLQ_TOPIC,
  EventFacts,
  murmur2Of,
  partitionOfHash,
  readFacts,
  shadowDlqTopic,
  shadowTopic,
  Writer,
  type Rejection,
  type SchemaIds,
} from '@order-up/schemas'
import { factsOf, foldInto, roomFor, writeRow } from '@order-up/fold'
import { EncodedRecords, type RecordList } from '@order-up/kit'
import { deadLetterHeaders, RowHeaders } from './out-headers.ts'
import type { StateStore } from './state-log.ts'

/** What a step needs to know beside the records and the state. */
export interface StepContext {
  deployment: string
  /** of the records */
  partition: number
  /** of the raw topic */
  partitions: number
  /** all of the raw subject */
  ids: SchemaIds
  curatedSchemaId: number
  /** which buckets this deployment writes to curated, by index */
  owned: readonly boolean[]
  /** records below this offset were emitted before: they are folded silently */
  emitFrom: number
}

export interface Counts {
  applied: number
  duplicate: number
  dead_letter: number
}

export interface Step {
  /** by topic, in raw order */
  out: Map<string, EncodedRecords>
  /** of the records from `emitFrom` on: every one is in exactly one of the three */
  counts: Counts
  /** the index behind the last record that was folded: below what was asked for where its rows would fill a batch */
  end: number
  /** a record of a schema newer than this code: the step ends before it */
  newer?: { id: number; version: number }
}

/**
 * Of what goes to one topic in one transaction: below the 1 MiB that a broker takes as one batch, by more than the
 * largest row or a dead letter's headers. A larger dead letter goes alone; its topic has room for it.
 */
const MAX_BATCH_BYTES = 1_000_000

/** Reused for every event: what is kept of it is copied. */
const facts = new EventFacts()
const row = new Writer(1 << 10)

/**
 * Folds the records from index `start` up to `end`, in raw order: what to write; how the orders stand after it is put
 * into the store, and is neither committed nor forgotten yet. Nothing is made for an event, neither object nor buffer:
 * it goes from the bytes that were fetched to those that are sent.
 */
export function step(
  records: RecordList,
  start: number,
  end: number,
  store: StateStore,
  context: StepContext,
): Step {
  const { deployment, partition, partitions, ids, owned, emitFrom, curatedSchemaId } = context
  const { bufs, offsets, keyStarts, keyLengths, valueStarts, valueLengths } = records
  const out = new Output(partition, deployment)
  const headers = new RowHeaders(deployment, partition)
  const ownsAll = owned.every(Boolean)
  const ownsNone = !owned.some(Boolean)
  const counts: Counts = { applied: 0, duplicate: 0, dead_letter: 0 }

  for (let i = start; i < end; i++) {
    const emit = offsets[i]! >= emitFrom
    const buf = bufs[i]!
    const keyStart = keyStarts[i]!
    const keyLength = keyLengths[i]!
    const hash = murmur2Of(buf, keyStart, Math.max(0, keyLength))
    if (
      partitionOfHash(hash, partitions) !== partition ||
      !readFacts(facts, ids, buf, keyStart, keyLength, valueStarts[i]!, valueLengths[i]!)
    ) {
      // not plainly an event: this decides exactly what it is
      const key = records.keyAt(i)
      const decoded = decodeRaw({ key, value: records.valueAt(i), partition }, ids, partitions)
      if (decoded.kind === 'newer_schema')
        return { out: out.byTopic, counts, end: i, newer: decoded }
      if (decoded.kind === 'rejected') {
        if (!emit) continue
        const letters = out.deadLetters(owned[bucketOf(key)]!)
        if (letters.length > 0 && letters.size + records.sizeAt(i) > MAX_BATCH_BYTES)
          return { out: out.byTopic, counts, end: i }
        counts.dead_letter++
        deadLetter(letters, records, i, decoded, deployment, partition)
        continue
      }
      factsOf(decoded.event, facts)
    }

    const from = store.find(hash, buf, keyStart, keyLength) ? store.memory : null
    const { at, length } = store
    store.reserve(roomFor(from, at, length, facts))
    const { roomMemory, roomAt } = store
    const size = foldInto(from, at, length, facts, roomMemory, roomAt)
    if (size === 0) {
      if (emit) counts.duplicate++
      continue
    }
    store.put(size)
    if (!emit) continue
    counts.applied++
    row.pos = 0
    writeRow(row, curatedSchemaId, buf, keyStart, keyLength, roomMemory, roomAt, size)
    const isOwned = ownsAll || (!ownsNone && owned[bucketOfRange(buf, keyStart, keyLength)]!)
    headers.of(offsets[i]!)
    const rows = out.rows(isOwned)
    rows.add(buf, keyStart, keyLength, row.buffer, 0, row.pos, headers.buffer, headers.length)
    if (rows.size >= MAX_BATCH_BYTES) return { out: out.byTopic, counts, end: i + 1 }
  }
  return { out: out.byTopic, counts, end }
}

/** What a step writes: a topic that gets nothing is not in it. */
class Output {
  readonly byTopic = new Map<string, EncodedRecords>()
  readonly #partition: number
  readonly #shadow: string
  readonly #shadowDlq: string
  #curated: EncodedRecords | undefined
  #shadowRows: EncodedRecords | undefined

  constructor(partition: number, deployment: string) {
    this.#partition = partition
    this.#shadow = shadowTopic(deployment)
    this.#shadowDlq = shadowDlqTopic(deployment)
  }

  rows(isOwned: boolean): EncodedRecords {
    return isOwned
      ? (this.#curated ??= this.#to(CURATED_TOPIC))
      : (this.#shadowRows ??= this.#to(this.#shadow))
  }

  deadLetters(isOwned: boolean): EncodedRecords {
    const topic = isOwned ? DLQ_TOPIC : this.#shadowDlq
    return this.byTopic.get(topic) ?? this.#to(topic)
  }

  #to(topic: string): EncodedRecords {
    const records = new EncodedRecords(this.#partition)
    this.byTopic.set(topic, records)
    return records
  }
}

/** The raw record as it came, with what was wrong with it. */
function deadLetter(
  out: EncodedRecords,
  records: RecordList,
  i: number,
  rejection: Rejection,
  deployment: string,
  partition: number,
) {
  const buf = records.bufs[i]!
  const headers = deadLetterHeaders(records, i, rejection, deployment, partition)
  out.add(
    buf,
    records.keyStarts[i]!,
    records.keyLengths[i]!,
    buf,
    records.valueStarts[i]!,
    records.valueLengths[i]!,
    headers,
    headers.length,
  )
}
