import {
  CURATED_SCHEMA_VERSION,
  putBytes,
  putLong,
  UUID_LENGTH,
  writeFrame,
  writeUuid,
  type Writer,
} from '@order-up/schemas'
import {
  COUNT,
  CURRENCY,
  FIRST_TS,
  getTime,
  ID_BYTES,
  IDS,
  ITEM_COUNT,
  ITEMS_AMOUNT,
  LAST_TS,
  latestAt,
  PAID,
  REFUNDED,
  SHIPPING_AMOUNT,
  STAMP_ITEMS,
  STAMP_SHIPPING,
  STATUS,
  STATUS_COUNT,
} from './layout.ts'
import type { Memory } from './memory.ts'

/** More than all of a row but its order id and its customer can take. */
const MOST_BYTES = 256

/**
 * Appends the framed curated row of an order that stands at the state in `state` from `at` on: the bytes that
 * `writeCurated` writes for the row's object.
 * @param schemaId of the repo's own curated schema, as registered at deploy
 * @param key the order id
 */
export function writeRow(
  w: Writer,
  schemaId: number,
  key: Buffer,
  keyStart: number,
  keyLength: number,
  state: Memory,
  at: number,
  length: number,
): void {
  const { bytes, view } = state
  const count = view.getUint32(at + COUNT, true)
  const idsEnd = IDS + count * ID_BYTES
  const customerLength = length - idsEnd
  writeFrame(w, schemaId)
  // once for all that follows: before each field it is an eighth of the row
  w.reserve(keyLength + customerLength + MOST_BYTES)
  const { buffer } = w
  let pos = putLong(buffer, w.pos, keyLength)
  pos = putBytes(buffer, pos, key, keyStart, keyLength)
  buffer[pos++] = bytes[at + STATUS]! << 1
  if (customerLength === 0) buffer[pos++] = 0
  else {
    buffer[pos++] = 2
    pos = putLong(buffer, pos, customerLength)
    pos = putBytes(buffer, pos, bytes, at + idsEnd, customerLength)
  }
  if (getTime(view, latestAt(at, 1)) === 0) buffer[pos++] = 0
  else {
    buffer[pos] = 2
    buffer[pos + 1] = 6
    pos = putBytes(buffer, pos + 2, bytes, at + CURRENCY, 3)
  }
  pos = putAmounts(buffer, pos, view, at)
  for (let status = 1; status <= STATUS_COUNT; status++) {
    const ts = getTime(view, latestAt(at, status))
    pos = putOptional(buffer, pos, ts !== 0, ts)
  }
  pos = putLong(buffer, pos, getTime(view, at + FIRST_TS))
  pos = putLong(buffer, pos, getTime(view, at + LAST_TS))
  pos = putLong(buffer, pos, count)
  buffer[pos] = UUID_LENGTH << 1
  writeUuid(bytes, at + idsEnd - ID_BYTES, buffer, pos + 1)
  w.pos = putLong(buffer, pos + 1 + UUID_LENGTH, CURATED_SCHEMA_VERSION)
}

function putAmounts(buffer: Uint8Array, at: number, view: DataView, state: number): number {
  const hasItems = getTime(view, state + STAMP_ITEMS) !== 0
  const hasShipping = getTime(view, state + STAMP_SHIPPING) !== 0
  // both are 0 as long as they are not known
  const items = view.getFloat64(state + ITEMS_AMOUNT, true)
  const shipping = view.getFloat64(state + SHIPPING_AMOUNT, true)
  let pos = putOptional(buffer, at, hasItems, view.getUint32(state + ITEM_COUNT, true))
  pos = putOptional(buffer, pos, hasItems, items)
  pos = putOptional(buffer, pos, hasShipping, shipping)
  pos = putOptional(buffer, pos, hasItems || hasShipping, items + shipping)
  pos = putLong(buffer, pos, view.getFloat64(state + PAID, true))
  return putLong(buffer, pos, view.getFloat64(state + REFUNDED, true))
}

function putOptional(buffer: Uint8Array, pos: number, isKnown: boolean, value: number): number {
  buffer[pos] = isKnown ? 2 : 0
  return isKnown ? putLong(buffer, pos + 1, value) : pos + 1
}
