import { CURATED_SCHEMA_VERSION, writeFrame, type Writer } from '@order-up/schemas'
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
  STAMP_CUSTOMER,
  STAMP_ITEMS,
  STAMP_SHIPPING,
  STATUS,
  STATUS_COUNT,
} from './layout.ts'
import type { Memory } from './memory.ts'

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
  writeFrame(w, schemaId)
  w.long(keyLength)
  w.copy(key, keyStart, keyLength)
  w.long(view.getUint8(at + STATUS))
  if (getTime(view, at + STAMP_CUSTOMER) === 0) w.byte(0)
  else {
    const idsEnd = IDS + count * ID_BYTES
    w.byte(2)
    w.long(length - idsEnd)
    w.copy(bytes, at + idsEnd, length - idsEnd)
  }
  if (getTime(view, latestAt(at, 1)) === 0) w.byte(0)
  else {
    w.byte(2)
    w.long(3)
    w.copy(bytes, at + CURRENCY, 3)
  }
  writeAmounts(w, view, at)
  for (let status = 1; status <= STATUS_COUNT; status++) {
    const ts = getTime(view, latestAt(at, status))
    if (ts === 0) w.byte(0)
    else {
      w.byte(2)
      w.long(ts)
    }
  }
  w.long(getTime(view, at + FIRST_TS))
  w.long(getTime(view, at + LAST_TS))
  w.long(count)
  w.uuid(bytes, at + IDS + (count - 1) * ID_BYTES)
  w.long(CURATED_SCHEMA_VERSION)
}

function writeAmounts(w: Writer, view: DataView, at: number) {
  const hasItems = getTime(view, at + STAMP_ITEMS) !== 0
  const hasShipping = getTime(view, at + STAMP_SHIPPING) !== 0
  // both are 0 as long as they are not known
  const items = view.getFloat64(at + ITEMS_AMOUNT, true)
  const shipping = view.getFloat64(at + SHIPPING_AMOUNT, true)
  writeOptional(w, hasItems, view.getUint32(at + ITEM_COUNT, true))
  writeOptional(w, hasItems, items)
  writeOptional(w, hasShipping, shipping)
  writeOptional(w, hasItems || hasShipping, items + shipping)
  w.long(view.getFloat64(at + PAID, true))
  w.long(view.getFloat64(at + REFUNDED, true))
}

function writeOptional(w: Writer, isKnown: boolean, value: number) {
  if (!isKnown) return w.byte(0)
  w.byte(2)
  w.long(value)
}
