/** Order status in the curated row, in the order of the Avro enum. */
export const STATUSES = [
  'UNKNOWN',
  'CREATED',
  'PAID',
  'SHIPPED',
  'DELIVERED',
  'CANCELLED',
  'REFUNDED',
] as const
export type Status = (typeof STATUSES)[number]

/** The order as it stands after one applied event. Times are epoch milliseconds, money in minor units. */
export interface CuratedOrder {
  order_id: string
  status: Status
  customer_id: string | null
  currency: string | null
  item_count: number | null
  items_amount: number | null
  shipping_amount: number | null
  total_amount: number | null
  paid_amount: number
  refunded_amount: number
  created_at: number | null
  paid_at: number | null
  shipped_at: number | null
  delivered_at: number | null
  cancelled_at: number | null
  refunded_at: number | null
  first_event_ts: number
  last_event_ts: number
  version: number
  last_event_id: string
  schema_version: number
}
