import { visitRecords, type Aborted } from './record-batches.ts'

/**
 * The records of one fetch of one partition, in offset order, as columns: where the parts of each lie in the bytes that
 * came. An object each would cost more than all that is done with it.
 */
export class RecordList {
  length = 0
  readonly bufs: Buffer[] = []
  readonly offsets: number[] = []
  /** epoch milliseconds */
  readonly timestamps: number[] = []
  readonly keyStarts: number[] = []
  /** negative = null */
  readonly keyLengths: number[] = []
  readonly valueStarts: number[] = []
  /** negative = null */
  readonly valueLengths: number[] = []
  readonly headerCounts: number[] = []
  /** behind the count */
  readonly headersStarts: number[] = []
  readonly ends: number[] = []

  keyAt(i: number): Buffer | null {
    return part(this.bufs[i]!, this.keyStarts[i]!, this.keyLengths[i]!)
  }

  valueAt(i: number): Buffer | null {
    return part(this.bufs[i]!, this.valueStarts[i]!, this.valueLengths[i]!)
  }

  /** of key, value and headers, in bytes */
  sizeAt(i: number): number {
    return this.ends[i]! - this.keyStarts[i]!
  }
}

const part = (buf: Buffer, start: number, length: number) =>
  length < 0 ? null : buf.subarray(start, start + length)

/**
 * What a read_committed reader is shown of a fetch.
 * @param from the offset that was asked for
 * @returns also the offset to ask for next
 */
export function recordsOf(batches: Buffer, from: number, aborted: readonly Aborted[]) {
  const list = new RecordList()
  const next = visitRecords(batches, from, aborted, (record) => {
    list.bufs.push(record.buf)
    list.offsets.push(record.offset)
    list.timestamps.push(record.timestamp)
    list.keyStarts.push(record.keyStart)
    list.keyLengths.push(record.keyLength)
    list.valueStarts.push(record.valueStart)
    list.valueLengths.push(record.valueLength)
    list.headerCounts.push(record.headerCount)
    list.headersStarts.push(record.headersStart)
    list.ends.push(record.end)
    list.length++
  })
  return { list, next }
}
