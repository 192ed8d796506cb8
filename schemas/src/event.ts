/** Every event type of the contract in lifecycle order: the index is the rank that breaks ties in time. */
export const EVENT_TYPES = [
  'ORDER_CREATED',
  'ORDER_UPDATED',
  'ORDER_PAID',
  'ORDER_SHIPPED',
  'ORDER_DELIVERED',
  'ORDER_CANCELLED',
  'ORDER_REFUNDED',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

export interface Item {
  sku: string
  quantity: number
  /** in the currency's minor unit */
  unit_amount: number
}

export interface OrderCreated {
  customer_id: string
  /** ISO 4217 */
  currency: string
  items: Item[]
  shipping_amount: number
}
/** null means unchanged */
export interface OrderUpdated {
  customer_id: string | null
  items: Item[] | null
  shipping_amount: number | null
}
export interface OrderPaid {
  payment_id: string
  amount: number
  method: string
}
export interface OrderShipped {
  carrier: string | null
  tracking_number: string | null
}
export interface OrderDelivered {
  signed_by: string | null
}
export interface OrderCancelled {
  reason: string
}
export interface OrderRefunded {
  refund_id: string
  amount: number
  reason: string | null
}

interface Payloads {
  ORDER_CREATED: OrderCreated
  ORDER_UPDATED: OrderUpdated
  ORDER_PAID: OrderPaid
  ORDER_SHIPPED: OrderShipped
  ORDER_DELIVERED: OrderDelivered
  ORDER_CANCELLED: OrderCancelled
  ORDER_REFUNDED: OrderRefunded
}

interface Envelope<T extends EventType> {
  /** lower-case UUID */
  event_id: string
  event_type: T
  /** when it happened, epoch milliseconds */
  event_ts: number
  order_id: string
  payload: Payloads[T]
  /** the raw schema's version as the producer knew it; informative */
  schema_version: number
}

/** One event as the contract allows it: the payload is the record of its type. */
export type OrderEvent = { [T in EventType]: Envelope<T> }[EventType]

/** The payload record of each type, by its Avro name and its branch in the payload union (0 is null). */
export const PAYLOAD_RECORDS = [
  'OrderCreated',
  'OrderUpdated',
  'OrderPaid',
  'OrderShipped',
  'OrderDelivered',
  'OrderCancelled',
  'OrderRefunded',
] as const
