import { Cursor } from './cursor.ts'
import { EVENT_TYPES } from './event.ts'
import { MAX_EVENT_TS, MIN_EVENT_TS } from './validate.ts'
import { FRAME_BYTES, frameIdAt, RAW_SCHEMA_VERSION, type SchemaIds } from './frame.ts'
import { readPayloadFacts } from './payload-facts.ts'
import { readUuid, UUID_BYTES, UUID_LENGTH } from './uuid.ts'

/**
 * What the fold needs of one valid event. One object is used for all events, since an object for each costs more than
 * the fold: what it says is valid until the next event is read into it.
 */
export class EventFacts {
  /** the 16 bytes of the event id */
  readonly id = Buffer.alloc(UUID_BYTES)
  /** the same bytes, to be read as numbers */
  readonly idView = new DataView(this.id.buffer, this.id.byteOffset, UUID_BYTES)
  /** of its type, in lifecycle order, from 0 */
  rank = 0
  /** when it happened, epoch milliseconds */
  ts = 0
  /** where customer and currency lie */
  source: Uint8Array = this.id
  customerStart = 0
  /** in bytes; -1 = this event does not set the customer */
  customerLength = -1
  /** of three bytes; -1 = this event does not set the currency */
  currencyStart = -1
  /** the sum of quantities; -1 = this event does not set the items */
  itemCount = -1
  /** what the items cost, in minor units */
  itemsAmount = 0
  /** in minor units; -1 = this event does not set it */
  shipping = -1
  /** of ORDER_PAID and ORDER_REFUNDED, in minor units */
  amount = 0

  /** Sets nothing: as an event whose payload is empty. */
  clear(): void {
    this.customerLength = -1
    this.currencyStart = -1
    this.itemCount = -1
    this.shipping = -1
    this.amount = 0
  }
}

/** Reused: what is in it is of the call in hand. */
const cursor = new Cursor()

/**
 * Reads a framed raw value from the bytes that it came in, with every check of the contract but that of the partition.
 * No object, string or Buffer is made for an event, unless it has text that is not ASCII (`npm run bench codec`).
 * @param facts what is read goes here, and is valid only where the answer is true
 * @param ids all ids of the raw subject
 * @returns false for whatever is not a valid event of a known schema under this key, and for a few that are (a varint
 * with needless bytes): `decodeRaw` says what it is
 */
export function readFacts(
  facts: EventFacts,
  ids: SchemaIds,
  buf: Buffer,
  keyStart: number,
  keyLength: number,
  valueStart: number,
  valueLength: number,
): boolean {
  const version = ids.get(frameIdAt(buf, valueStart, valueLength))
  if (version === undefined || version > RAW_SCHEMA_VERSION) return false

  const r = cursor
  r.open(buf, valueStart + FRAME_BYTES, valueStart + valueLength)
  const idStart = r.text(UUID_LENGTH)
  if (r.pos !== idStart + UUID_LENGTH) return false
  const type = r.long()
  const ts = r.long()
  const keyMatches = r.isNext(buf, keyStart, keyLength)
  const branch = r.long()
  if (r.failed || !keyMatches || type !== branch) return false
  if (!(type >= 1 && type <= EVENT_TYPES.length && ts >= MIN_EVENT_TS && ts <= MAX_EVENT_TS))
    return false
  if (!readUuid(buf, idStart, facts.idView)) return false

  facts.rank = type - 1
  facts.ts = ts
  facts.source = buf
  readPayloadFacts(facts, r)
  const schemaVersion = r.long()
  return !r.failed && r.pos === r.end && schemaVersion === (schemaVersion | 0)
}
