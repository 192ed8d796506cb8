import { DLQ_HEADERS, RAW_TOPIC, ROW_HEADERS, Writer, type Rejection } from '@order-up/schemas'
import { visitHeaders, type RecordList } from '@order-up/kit'

const MAX_DETAIL = 500
const OWN: ReadonlySet<string> = new Set(Object.values(DLQ_HEADERS))

/** A row's headers, encoded as Kafka keeps them, with their count in front: of a partition only the offset changes. */
export class RowHeaders {
  readonly #w = new Writer(128)
  /** where the offset's length stands */
  readonly #offsetAt: number

  constructor(deployment: string, partition: number) {
    const w = this.#w
    w.long(3)
    w.string(ROW_HEADERS.engine)
    w.string(deployment)
    w.string(ROW_HEADERS.partition)
    w.string(String(partition))
    w.string(ROW_HEADERS.offset)
    this.#offsetAt = w.pos
  }

  /** Makes them those of the row of a raw record. */
  of(offset: number): void {
    this.#w.pos = this.#offsetAt
    this.#w.string(String(offset))
  }

  get buffer(): Buffer {
    return this.#w.buffer
  }

  get length(): number {
    return this.#w.pos
  }
}

/**
 * A dead letter's headers: those of the raw record, untouched and in their order, and then our own; of a name of ours
 * there is ours alone.
 */
export function deadLetterHeaders(
  records: RecordList,
  i: number,
  { reason, detail }: Rejection,
  deployment: string,
  partition: number,
): Buffer {
  const own = [
    [DLQ_HEADERS.reason, reason],
    [DLQ_HEADERS.detail, detail.slice(0, MAX_DETAIL)],
    [DLQ_HEADERS.topic, RAW_TOPIC],
    [DLQ_HEADERS.partition, String(partition)],
    [DLQ_HEADERS.offset, String(records.offsets[i]!)],
    [DLQ_HEADERS.engine, deployment],
  ] as const
  const buf = records.bufs[i]!
  const kept = new Writer(512)
  let count = 0
  const raw = {
    buf,
    headerCount: records.headerCounts[i]!,
    headersStart: records.headersStarts[i]!,
  }
  visitHeaders(raw, (nameStart, nameLength, start, length) => {
    if (OWN.has(buf.toString('utf8', nameStart, nameStart + nameLength))) return
    count++
    kept.long(nameLength)
    kept.copy(buf, nameStart, nameLength)
    kept.long(Math.max(-1, length))
    kept.copy(buf, start, Math.max(0, length))
  })
  const w = new Writer(512)
  w.long(count + own.length)
  w.bytes(kept.since(0))
  for (const [name, value] of own) {
    w.string(name)
    w.string(value)
  }
  return w.since(0)
}
