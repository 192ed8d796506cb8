import { Writer } from '@order-up/schemas'
import { crc32c } from './crc32c.ts'
import { EncodedRecords } from './encoded-records.ts'

type HeaderValue = Buffer | string | null

/** A message as kafkajs is given it. */
export interface Message {
  key?: Buffer | string | null | undefined
  value: Buffer | string | null
  headers?: Readonly<Record<string, HeaderValue | undefined | readonly HeaderValue[]>> | undefined
  /** epoch milliseconds in digits; default: now */
  timestamp?: string | undefined
}

/** What kafkajs passes to its encoder of produce requests. */
export interface ProduceRequest {
  acks: number
  timeout: number
  transactionalId?: string | null | undefined
  /** a number, digits, or kafkajs's Long */
  producerId?: { toString(): string }
  producerEpoch?: number
  /** 0 = none, the only one that is written here */
  compression?: number
  topicData: readonly {
    topic: string
    partitions: readonly {
      partition: number
      firstSequence?: number
      messages: readonly Message[] | EncodedRecords
    }[]
  }[]
}

/** https://kafka.apache.org/protocol#protocol_api_keys */
const PRODUCE = 0
const NO_PRODUCER = -1
const TRANSACTIONAL = 0x10
/** of a batch: offset and length, which the length does not count */
const FRAME_BYTES = 12
const CRC_AT = 17
const HEAD_BYTES = 61

/**
 * Takes the place of kafkajs's request (versions 3 to 7, https://kafka.apache.org/protocol#The_Messages_Produce).
 * It is written in one pass into one buffer; kafkajs makes five zeroed buffers of 512 bytes and a Long of each record,
 * most of the cost of producing (measured), and throws on a header whose value is null.
 */
export const produceRequest = (request: ProduceRequest) => ({
  apiKey: PRODUCE,
  apiVersion: 3,
  apiName: 'Produce',
  expectResponse: () => request.acks !== 0,
  encode: () => {
    const buffer = encodeProduce(request)
    return Promise.resolve({ buf: buffer, buffer, size: () => buffer.length })
  },
})

export function encodeProduce(request: ProduceRequest): Buffer {
  const { transactionalId, acks, timeout, topicData, compression = 0 } = request
  if (compression !== 0) throw new Error('only uncompressed records are written')
  const w = new Writer(1 << 14)
  writeString(w, transactionalId ?? null)
  writeInt16(w, acks)
  w.uint32(timeout)
  w.uint32(topicData.length)
  for (const { topic, partitions } of topicData) {
    writeString(w, topic)
    w.uint32(partitions.length)
    for (const { partition, messages, firstSequence = 0 } of partitions) {
      w.uint32(partition)
      writeBatch(w, messages, firstSequence, request)
    }
  }
  return w.since(0)
}

/** A record batch with its length in front: https://kafka.apache.org/documentation/#recordbatch */
function writeBatch(
  w: Writer,
  messages: readonly Message[] | EncodedRecords,
  firstSequence: number,
  { transactionalId, producerId = NO_PRODUCER, producerEpoch = 0 }: ProduceRequest,
) {
  const now = Date.now()
  const times = messages instanceof EncodedRecords ? [] : timesOf(messages)
  const first = times[0] ?? now

  const head = Buffer.alloc(HEAD_BYTES) // zero: offset and epoch, which are the broker's to say
  head.writeUInt8(2, 16) // format
  head.writeInt16BE(transactionalId ? TRANSACTIONAL : 0, 21)
  head.writeInt32BE(messages.length - 1, 23)
  head.writeBigInt64BE(BigInt(first), 27)
  head.writeBigInt64BE(BigInt(times.at(-1) ?? now), 35)
  head.writeBigInt64BE(BigInt(producerId.toString()), 43)
  head.writeInt16BE(producerEpoch, 51)
  head.writeInt32BE(firstSequence, 53)
  head.writeInt32BE(messages.length, 57)

  const start = w.pos
  w.uint32(0) // length
  w.bytes(head)
  if (messages instanceof EncodedRecords) w.bytes(messages.bytes)
  else
    messages.forEach((message, i) =>
      writeRecord(w, message, i, Number(message.timestamp ?? now) - first),
    )

  const sized = w.since(start)
  const batch = sized.subarray(4)
  sized.writeUInt32BE(batch.length)
  batch.writeUInt32BE(batch.length - FRAME_BYTES, 8)
  batch.writeUInt32BE(crc32c(batch, CRC_AT + 4, batch.length), CRC_AT)
}

const timesOf = (messages: readonly Message[]) =>
  messages
    .flatMap(({ timestamp }) => (timestamp === undefined ? [] : [Number(timestamp)]))
    .toSorted((a, b) => a - b)

/** reused: a record's length stands in front of it */
const record = new Writer(1 << 12)

function writeRecord(w: Writer, message: Message, offset: number, time: number) {
  const { key, value, headers } = message
  record.pos = 0
  record.byte(0) // attributes: none are defined
  record.long(time)
  record.long(offset)
  writeBytes(record, key)
  writeBytes(record, value)
  writeHeaders(record, headers ?? {})
  w.long(record.pos)
  w.bytes(record.since(0))
}

function writeHeaders(w: Writer, headers: NonNullable<Message['headers']>) {
  const names = Object.keys(headers)
  let count = 0
  for (const name of names) {
    const value = headers[name]
    count += isList(value) ? value.length : 1
  }
  w.long(count)
  for (const name of names) {
    const value = headers[name]
    if (isList(value)) for (const one of value) writeHeader(w, name, one)
    else writeHeader(w, name, value)
  }
}

/** Array.isArray does not narrow a readonly array. */
const isList = (
  value: HeaderValue | undefined | readonly HeaderValue[],
): value is readonly HeaderValue[] => Array.isArray(value)

function writeHeader(w: Writer, name: string, value: HeaderValue | undefined) {
  w.string(name)
  writeBytes(w, value)
}

function writeBytes(w: Writer, value: HeaderValue | undefined) {
  if (value === null || value === undefined) return w.long(-1)
  if (typeof value === 'string') return w.string(value)
  w.long(value.length)
  w.bytes(value)
}

function writeString(w: Writer, text: string | null) {
  if (text === null) return writeInt16(w, -1)
  const bytes = Buffer.from(text)
  writeInt16(w, bytes.length)
  w.bytes(bytes)
}

function writeInt16(w: Writer, value: number) {
  w.byte((value >> 8) & 0xff)
  w.byte(value & 0xff)
}

/** What kafkajs asks of what it sends. */
interface Request {
  correlationId: number
  clientId: string | null
  request: { apiKey: number; apiVersion: number; encode(): Promise<{ buffer: Buffer }> }
}

/** Takes the place of kafkajs's framing, which copies a request three times. */
export async function frameRequest({ correlationId, clientId, request }: Request) {
  const { buffer: body } = await request.encode()
  const w = new Writer(body.length + 64)
  w.uint32(0) // length
  writeInt16(w, request.apiKey)
  writeInt16(w, request.apiVersion)
  w.uint32(correlationId)
  writeString(w, clientId)
  w.bytes(body)
  const buffer = w.since(0)
  buffer.writeUInt32BE(buffer.length - 4)
  return { buf: buffer, buffer, size: () => buffer.length }
}
