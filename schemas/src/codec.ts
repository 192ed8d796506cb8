import { EVENT_TYPES, type Item, type OrderEvent } from './event.ts'
import { STATUSES, type CuratedOrder } from './curated.ts'
import {
  CURATED_SCHEMA_VERSION,
  FRAME_BYTES,
  frameId,
  RAW_SCHEMA_VERSION,
  writeFrame,
  type SchemaIds,
} from './frame.ts'
import { partitionOf } from './partitioner.ts'
import { NotDecodable, Reader } from './reader.ts'
import type { Rejection } from './reasons.ts'
import { validate, type UncheckedEvent } from './validate.ts'
import { Writer } from './writer.ts'

/** A record as Kafka delivers it. */
export interface RawRecord {
  key: Buffer | null
  value: Buffer | null
  partition: number
}

export type Decoded =
  | { kind: 'event'; event: OrderEvent }
  | ({ kind: 'rejected' } & Rejection)
  /** Written with a schema newer than this code: stop and say so; never guess, never dead-letter. */
  | { kind: 'newer_schema'; id: number; version: number }

const rejected = (reason: Rejection['reason'], detail: string): Decoded => ({
  kind: 'rejected',
  reason,
  detail,
})

/**
 * Decides what a raw record is. Never throws: the answer is an event, a rejection or a schema newer than this code.
 * @param ids all ids of the raw subject. On `unknown_schema_id` the caller refreshes them once before believing it.
 * @param partitions of the raw topic
 */
export function decodeRaw(record: RawRecord, ids: SchemaIds, partitions: number): Decoded {
  const { key, value } = record
  if (value === null) return rejected('null_value', 'the record has no value')
  const id = frameId(value)
  if (id === undefined) return rejected('framing', 'no Confluent frame (0x00 and a 4-byte id)')
  const version = ids.get(id)
  if (version === undefined) return rejected('unknown_schema_id', `schema id ${id}`)
  if (version > RAW_SCHEMA_VERSION) return { kind: 'newer_schema', id, version }

  const body = decodeEventBody(value.subarray(FRAME_BYTES))
  if ('reason' in body) return { kind: 'rejected', ...body }
  const checked = validate(body, {
    keyMatches: (orderId) => key !== null && equalsUtf8(key, orderId),
    partitionMatches: () => key !== null && partitionOf(key, partitions) === record.partition,
  })
  return 'reason' in checked ? { kind: 'rejected', ...checked } : { kind: 'event', event: checked }
}

/** The structural checks, `not_decodable` to `number_out_of_range`, on an Avro body without its frame. */
export function decodeEventBody(body: Buffer): UncheckedEvent | Rejection {
  const r = new Reader(body)
  let event: UncheckedEvent
  try {
    event = readEvent(r)
  } catch (error) {
    if (!(error instanceof NotDecodable)) throw error
    return { reason: 'not_decodable', detail: error.message }
  }
  const rest = body.length - r.pos
  if (rest > 0) return { reason: 'trailing_bytes', detail: `${rest} bytes after the record` }
  if (r.invalidUtf8) return { reason: 'invalid_utf8', detail: 'a string is not UTF-8' }
  if (r.outOfRange)
    return {
      reason: 'number_out_of_range',
      detail: 'an int beyond 32 bits or a long beyond 2^53-1',
    }
  return event
}

// In the order of schemas/avro/orders.events.raw-value.v1.json; codec.test.ts holds the two together.
function readEvent(r: Reader): UncheckedEvent {
  const event_id = r.string()
  const type = r.index(EVENT_TYPES.length + 1)
  const event_ts = r.long()
  const order_id = r.string()
  const branch = r.index(EVENT_TYPES.length + 1)
  const payload = readPayload(r, branch)
  return { event_id, type, event_ts, order_id, branch, payload, schema_version: r.int() }
}

function readPayload(r: Reader, branch: number): UncheckedEvent['payload'] {
  switch (branch) {
    case 1:
      return {
        customer_id: r.string(),
        currency: r.string(),
        items: r.array(readItem),
        shipping_amount: r.long(),
      }
    case 2:
      return {
        customer_id: r.optional(readString),
        items: r.optional(readItems),
        shipping_amount: r.optional(readLong),
      }
    case 3:
      return { payment_id: r.string(), amount: r.long(), method: r.string() }
    case 4:
      return { carrier: r.optional(readString), tracking_number: r.optional(readString) }
    case 5:
      return { signed_by: r.optional(readString) }
    case 6:
      return { reason: r.string() }
    case 7:
      return { refund_id: r.string(), amount: r.long(), reason: r.optional(readString) }
    default:
      return null
  }
}

const readString = (r: Reader) => r.string()
const readLong = (r: Reader) => r.long()
const readInt = (r: Reader) => r.int()
const readItem = (r: Reader): Item => ({
  sku: r.string(),
  quantity: r.int(),
  unit_amount: r.long(),
})
const readItems = (r: Reader) => r.array(readItem)

function equalsUtf8(bytes: Buffer, text: string): boolean {
  if (bytes.length < text.length) return false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte >= 0x80) return bytes.equals(Buffer.from(text))
    if (byte !== text.charCodeAt(i)) return false
  }
  return bytes.length === text.length
}

/** Appends one framed event. @param id of the repo's own raw schema, as registered at deploy */
export function writeEvent(w: Writer, event: OrderEvent, id: number): Buffer {
  const start = writeFrame(w, id)
  const index = EVENT_TYPES.indexOf(event.event_type) + 1
  w.string(event.event_id)
  w.long(index)
  w.long(event.event_ts)
  w.string(event.order_id)
  w.long(index)
  writePayload(w, event)
  w.long(event.schema_version)
  return w.since(start)
}

/** One framed event in a buffer of its own. */
export const encodeEvent = (event: OrderEvent, id: number) => writeEvent(new Writer(256), event, id)

function writePayload(w: Writer, { event_type, payload }: OrderEvent) {
  switch (event_type) {
    case 'ORDER_CREATED':
      w.string(payload.customer_id)
      w.string(payload.currency)
      writeItems(w, payload.items)
      return w.long(payload.shipping_amount)
    case 'ORDER_UPDATED':
      w.optionalString(payload.customer_id)
      if (payload.items === null) w.byte(0)
      else {
        w.byte(2)
        writeItems(w, payload.items)
      }
      return w.optionalLong(payload.shipping_amount)
    case 'ORDER_PAID':
      w.string(payload.payment_id)
      w.long(payload.amount)
      return w.string(payload.method)
    case 'ORDER_SHIPPED':
      w.optionalString(payload.carrier)
      return w.optionalString(payload.tracking_number)
    case 'ORDER_DELIVERED':
      return w.optionalString(payload.signed_by)
    case 'ORDER_CANCELLED':
      return w.string(payload.reason)
    case 'ORDER_REFUNDED':
      w.string(payload.refund_id)
      w.long(payload.amount)
      return w.optionalString(payload.reason)
  }
}

function writeItems(w: Writer, items: readonly Item[]) {
  if (items.length > 0) {
    w.long(items.length)
    for (const item of items) {
      w.string(item.sku)
      w.long(item.quantity)
      w.long(item.unit_amount)
    }
  }
  w.byte(0)
}

/** Appends one framed curated row. @param id of the repo's own curated schema, as registered at deploy */
export function writeCurated(w: Writer, row: CuratedOrder, id: number): Buffer {
  const start = writeFrame(w, id)
  w.string(row.order_id)
  w.long(STATUSES.indexOf(row.status))
  w.optionalString(row.customer_id)
  w.optionalString(row.currency)
  w.optionalLong(row.item_count)
  w.optionalLong(row.items_amount)
  w.optionalLong(row.shipping_amount)
  w.optionalLong(row.total_amount)
  w.long(row.paid_amount)
  w.long(row.refunded_amount)
  w.optionalLong(row.created_at)
  w.optionalLong(row.paid_at)
  w.optionalLong(row.shipped_at)
  w.optionalLong(row.delivered_at)
  w.optionalLong(row.cancelled_at)
  w.optionalLong(row.refunded_at)
  w.long(row.first_event_ts)
  w.long(row.last_event_ts)
  w.long(row.version)
  w.string(row.last_event_id)
  w.long(row.schema_version)
  return w.since(start)
}

/** One framed curated row in a buffer of its own. */
export const encodeCurated = (row: CuratedOrder, id: number) =>
  writeCurated(new Writer(256), row, id)

export type DecodedRow =
  | { kind: 'row'; row: CuratedOrder }
  | { kind: 'newer_schema'; id: number; version: number }
  /** Only engines write curated, so this is a fault to stop at, not a record to skip. */
  | { kind: 'invalid'; detail: string }

/** Reads a curated row. @param ids all ids of the curated subject */
export function decodeCurated(value: Buffer | null, ids: SchemaIds): DecodedRow {
  const invalid = (detail: string): DecodedRow => ({ kind: 'invalid', detail })
  if (value === null) return invalid('the record has no value')
  const id = frameId(value)
  if (id === undefined) return invalid('no Confluent frame')
  const version = ids.get(id)
  if (version === undefined) return invalid(`schema id ${id} is not of the curated subject`)
  if (version > CURATED_SCHEMA_VERSION) return { kind: 'newer_schema', id, version }
  const r = new Reader(value)
  r.pos = FRAME_BYTES
  try {
    const row = readCurated(r)
    if (r.pos < value.length) return invalid('trailing bytes')
    if (r.invalidUtf8) return invalid('a string is not UTF-8')
    if (r.outOfRange) return invalid('a number is out of range')
    return { kind: 'row', row }
  } catch (error) {
    if (!(error instanceof NotDecodable)) throw error
    return invalid(error.message)
  }
}

function readCurated(r: Reader): CuratedOrder {
  return {
    order_id: r.string(),
    status: STATUSES[r.index(STATUSES.length)]!,
    customer_id: r.optional(readString),
    currency: r.optional(readString),
    item_count: r.optional(readInt),
    items_amount: r.optional(readLong),
    shipping_amount: r.optional(readLong),
    total_amount: r.optional(readLong),
    paid_amount: r.long(),
    refunded_amount: r.long(),
    created_at: r.optional(readLong),
    paid_at: r.optional(readLong),
    shipped_at: r.optional(readLong),
    delivered_at: r.optional(readLong),
    cancelled_at: r.optional(readLong),
    refunded_at: r.optional(readLong),
    first_event_ts: r.long(),
    last_event_ts: r.long(),
    version: r.long(),
    last_event_id: r.string(),
    schema_version: r.int(),
  }
}
