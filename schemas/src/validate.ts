import { EVENT_TYPES, type Item, type OrderEvent } from './event.ts'
import type { Rejection } from './reasons.ts'

/** The largest amount, and the largest item total of one event, in minor units. */
export const MAX_AMOUNT = 1e12
export const MAX_QUANTITY = 1e6
export const MAX_QUANTITY_SUM = 2 ** 31 - 1
export const MAX_ITEMS = 10_000
/** of every string, in UTF-8 bytes */
export const MAX_STRING_BYTES = 1_024
/** event_ts lies in the years 2000–2099 (UTC) */
export const MIN_EVENT_TS = Date.UTC(2000)
export const MAX_EVENT_TS = Date.UTC(2100) - 1

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const CURRENCY = /^[A-Z]{3}$/
const REQUIRED: ReadonlySet<string> = new Set(['customer_id', 'payment_id', 'refund_id', 'sku'])

/** The event's fields before anyone has checked that they go together. */
export interface UncheckedEvent {
  event_id: string
  /** index into the Avro enum: 0 is UNKNOWN, else rank + 1 */
  type: number
  event_ts: number
  order_id: string
  /** index into the payload union: 0 is null, else rank + 1 */
  branch: number
  payload: Record<string, unknown> | null
  schema_version: number
}

/** Where a record lay: the key must be the order id, and its partition that of the key. */
export interface Placement {
  keyMatches(orderId: string): boolean
  partitionMatches(): boolean
}

const no = (reason: Rejection['reason'], detail: string): Rejection => ({ reason, detail })

/**
 * The contract's checks from `field_limits` on, in its order.
 * @param placement absent where there is no record yet (an ingest request)
 * @returns the first failure, or the event
 */
export function validate(e: UncheckedEvent, placement?: Placement): Rejection | OrderEvent {
  const limits = checkLimits(e)
  if (limits) return no('field_limits', limits)
  if (placement) {
    if (!placement.keyMatches(e.order_id)) return no('key_mismatch', `the key is not ${e.order_id}`)
    if (!placement.partitionMatches())
      return no('partition_mismatch', 'the record is not on the partition of its key')
  }
  const { payload } = e
  if (e.type === 0 || e.type !== e.branch || payload === null)
    return no('type_mismatch', `event_type ${e.type} with payload ${e.branch}`)

  if (typeof payload['currency'] === 'string' && !CURRENCY.test(payload['currency']))
    return no('invalid_currency', `currency ${JSON.stringify(payload['currency'])}`)
  const items = (payload['items'] ?? null) as Item[] | null
  if (items) {
    const quantity = checkQuantities(items)
    if (quantity) return no('invalid_quantity', quantity)
  }
  const amount = checkAmounts(payload, items)
  if (amount) return no('invalid_amount', amount)
  if (!(e.event_ts >= MIN_EVENT_TS && e.event_ts <= MAX_EVENT_TS))
    return no('event_ts_out_of_range', `event_ts ${e.event_ts}`)

  return {
    event_id: e.event_id,
    event_type: EVENT_TYPES[e.type - 1]!,
    event_ts: e.event_ts,
    order_id: e.order_id,
    payload,
    schema_version: e.schema_version,
  } as unknown as OrderEvent // type and branch agree, so the payload is that type's record
}

function checkLimits(e: UncheckedEvent): string | undefined {
  if (!UUID.test(e.event_id)) return 'event_id is not a lower-case UUID'
  if (e.order_id === '') return 'order_id is empty'
  if (tooLong(e.order_id)) return `order_id is over ${MAX_STRING_BYTES} bytes`
  return e.payload ? checkRecord(e.payload) : undefined
}

function checkRecord(record: object): string | undefined {
  for (const name in record) {
    const value: unknown = record[name as keyof typeof record]
    if (typeof value === 'string') {
      if (value === '' && REQUIRED.has(name)) return `${name} is empty`
      if (tooLong(value)) return `${name} is over ${MAX_STRING_BYTES} bytes`
    } else if (Array.isArray(value)) {
      if (value.length > MAX_ITEMS) return `${value.length} items`
      for (const item of value as Item[]) {
        const found = checkRecord(item)
        if (found) return found
      }
    }
  }
  return undefined
}

function tooLong(value: string): boolean {
  if (value.length * 3 <= MAX_STRING_BYTES) return false
  return Buffer.byteLength(value) > MAX_STRING_BYTES
}

function checkQuantities(items: readonly Item[]): string | undefined {
  let sum = 0
  for (const { quantity } of items) {
    if (!(quantity >= 1 && quantity <= MAX_QUANTITY)) return `quantity ${quantity}`
    sum += quantity
  }
  return sum > MAX_QUANTITY_SUM ? `quantities add up to ${sum}` : undefined
}

function checkAmounts(
  payload: Record<string, unknown>,
  items: readonly Item[] | null,
): string | undefined {
  const bad = (amount: unknown) =>
    typeof amount === 'number' && !(amount >= 0 && amount <= MAX_AMOUNT)
  if (bad(payload['amount'])) return `amount ${payload['amount'] as number}`
  if (bad(payload['shipping_amount']))
    return `shipping_amount ${payload['shipping_amount'] as number}`
  let total = 0
  for (const { quantity, unit_amount } of items ?? []) {
    if (bad(unit_amount)) return `unit_amount ${unit_amount}`
    total += quantity * unit_amount // inexact only far above the bound, where it fails anyway
    if (total > MAX_AMOUNT) return `items add up to more than ${MAX_AMOUNT}`
  }
  return undefined
}
