import { gzipSync, zstdCompressSync } from 'node:zlib'
import { Writer } from '@order-up/schemas'

export interface BatchRecord {
  key: Buffer | null
  value: Buffer | null
  headers: [string, Buffer | null][]
}
export interface Batch {
  base: number
  producerId?: number
  transactional?: boolean
  control?: boolean
  codec?: 0 | 1 | 4
  records: BatchRecord[]
  /** offsets at the end that compaction has left empty */
  gap?: number
}

const sized = (w: Writer, bytes: Buffer | null) => {
  w.long(bytes === null ? -1 : bytes.length)
  if (bytes) w.bytes(bytes)
}

/** Message format v2, as https://kafka.apache.org/documentation/#recordbatch says. */
export function encodeBatch(batch: Batch): Buffer {
  const { base, producerId = -1, transactional, control, codec = 0, records, gap = 0 } = batch
  const body = new Writer()
  records.forEach(({ key, value, headers }, i) => {
    const record = new Writer()
    record.byte(0)
    record.long(i * 3)
    record.long(i)
    sized(record, key)
    sized(record, value)
    record.long(headers.length)
    for (const [name, content] of headers) {
      record.string(name)
      sized(record, content)
    }
    body.long(record.pos)
    body.bytes(record.since(0))
  })
  const plain = Buffer.from(body.since(0))
  const packed = codec === 1 ? gzipSync(plain) : codec === 4 ? zstdCompressSync(plain) : plain
  const head = Buffer.alloc(61)
  head.writeBigInt64BE(BigInt(base), 0)
  head.writeInt32BE(61 - 12 + packed.length, 8)
  head.writeInt8(2, 16)
  head.writeInt16BE(codec | (transactional ? 0x10 : 0) | (control ? 0x20 : 0), 21)
  head.writeInt32BE(records.length - 1 + gap, 23)
  head.writeBigInt64BE(BigInt(producerId), 43)
  head.writeInt32BE(records.length, 57)
  return Buffer.concat([head, packed])
}
