/*
 * A state is bytes: what the fold remembers of one order, but its id, which is the key that it is found under. Numbers
 * are little-endian. Times and stamps have six bytes, enough until the year 6429 (a stamp holds twice a time); 0 is
 * "never", and no event is of then. A fact is set where its stamp is not 0.
 *
 *     0  3  currency                                      40  4  which event set the currency
 *     3  1  status, as an index into STATUSES             44  4  … the customer
 *     4  4  count of events                               48  4  … the items
 *     8  8  paid_amount, a float                          52  4  … the shipping amount
 *    16  8  refunded_amount, a float                      56  4  item_count
 *    24  8  items_amount, a float                         60 36  X_at, of each status from CREATED on
 *    32  8  shipping_amount, a float                      96 12  first_event_ts, last_event_ts
 *                                                        108 18  stamps of customer, items, shipping amount
 *                                                        126  2  nothing: what follows is copied by words of 8
 *   128 16  for each event, in the order in which they were applied: its id
 *     …  …  customer_id, to the end
 *
 * By events: 144 bytes and the customer's for the first, 16 more for each further one. Whoever keeps states keeps which
 * layout they are of: a change of this one is a change of MAGIC in the engine's log-block.ts.
 */
export const CURRENCY = 0
export const STATUS = 3
export const COUNT = 4
export const PAID = 8
export const REFUNDED = 16
export const ITEMS_AMOUNT = 24
export const SHIPPING_AMOUNT = 32
export const BY_CURRENCY = 40
export const BY_CUSTOMER = 44
export const BY_ITEMS = 48
export const BY_SHIPPING = 52
export const ITEM_COUNT = 56
const LATEST = 60
export const FIRST_TS = 96
export const LAST_TS = 102
export const STAMP_CUSTOMER = 108
export const STAMP_ITEMS = 114
export const STAMP_SHIPPING = 120
export const IDS = 128

export const ID_BYTES = 16
export const STATUS_COUNT = 6

/** Where the time of the greatest event that set a status lies. */
export const latestAt = (at: number, status: number) => at + LATEST + (status - 1) * 6

const TWO_32 = 2 ** 32

/** An integer of six bytes. */
export const getTime = (view: DataView, at: number) =>
  view.getUint32(at, true) + view.getUint16(at + 4, true) * TWO_32

export function setTime(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true) // which takes it mod 2^32
  view.setUint16(at + 4, value / TWO_32, true)
}
