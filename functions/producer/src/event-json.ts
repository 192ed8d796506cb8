import {
  EVENT_TYPES,
  MAX_AMOUNT,
  MAX_EVENT_TS,
  MAX_ITEMS,
  MAX_QUANTITY,
  MAX_QUANTITY_SUM,
  MAX_STRING_BYTES,
  MIN_EVENT_TS,
  type EventType,
  type OrderEvent,
} from '@order-up/schemas'
import { z } from 'zod'

// Two kinds of rule. Types, unknown fields, numbers that Avro could not hold and text that UTF-8 could not carry are
// refused here. The contract's limits are only described here (meta, for OpenAPI): validate() decides, as in engines.

const NOT_UTF8 = 'a lone surrogate: UTF-8 would alter the text'

const text = (meta: object = {}) =>
  z
    .string()
    .refine((value) => value.isWellFormed(), { error: NOT_UTF8, params: { utf8: false } })
    .meta({
      maxLength: MAX_STRING_BYTES,
      description: `at most ${MAX_STRING_BYTES} bytes in UTF-8`,
      ...meta,
    })
const Text = text()
const Id = text({ minLength: 1 })
const EventId = text({
  format: 'uuid',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  maxLength: 36,
  description: 'lower case; an event_id that the order has had before changes nothing',
})
const Currency = text({ pattern: '^[A-Z]{3}$', maxLength: 3, description: 'ISO 4217' })
const EventTs = z.int().meta({
  minimum: MIN_EVENT_TS,
  maximum: MAX_EVENT_TS,
  description: 'when it happened, epoch milliseconds, in the years 2000 to 2099',
})
const Amount = z
  .int()
  .meta({ minimum: 0, maximum: MAX_AMOUNT, description: "in the currency's minor unit" })
const Item = z.strictObject({
  sku: Id,
  quantity: z.int32().meta({ minimum: 1, maximum: MAX_QUANTITY }),
  unit_amount: Amount,
})
const Items = z.array(Item).meta({
  maxItems: MAX_ITEMS,
  description: `quantities add up to at most ${MAX_QUANTITY_SUM}, quantity times unit_amount to at most ${MAX_AMOUNT}`,
})
const SchemaVersion = z.int32().min(1).default(1)

/** May be null, and then may be left out. */
const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value): z.output<T> | null => value ?? null)

const PAYLOADS = {
  ORDER_CREATED: z.strictObject({
    customer_id: Id,
    currency: Currency,
    items: Items,
    shipping_amount: Amount,
  }),
  ORDER_UPDATED: z
    .strictObject({
      customer_id: optional(Id),
      items: optional(Items),
      shipping_amount: optional(Amount),
    })
    .meta({ description: 'null or absent: unchanged' }),
  ORDER_PAID: z.strictObject({ payment_id: Id, amount: Amount, method: Text }),
  ORDER_SHIPPED: z.strictObject({ carrier: optional(Text), tracking_number: optional(Text) }),
  ORDER_DELIVERED: z.strictObject({ signed_by: optional(Text) }),
  ORDER_CANCELLED: z.strictObject({ reason: Text }),
  ORDER_REFUNDED: z.strictObject({ refund_id: Id, amount: Amount, reason: optional(Text) }),
} satisfies { [T in EventType]: z.ZodType<Extract<OrderEvent, { event_type: T }>['payload']> }

const envelope = <T extends EventType>(type: T) =>
  z.strictObject({
    event_id: EventId,
    event_type: z.literal(type),
    event_ts: EventTs,
    order_id: Id,
    payload: PAYLOADS[type],
    schema_version: SchemaVersion,
  })

const EVENTS = {
  ORDER_CREATED: envelope('ORDER_CREATED'),
  ORDER_UPDATED: envelope('ORDER_UPDATED'),
  ORDER_PAID: envelope('ORDER_PAID'),
  ORDER_SHIPPED: envelope('ORDER_SHIPPED'),
  ORDER_DELIVERED: envelope('ORDER_DELIVERED'),
  ORDER_CANCELLED: envelope('ORDER_CANCELLED'),
  ORDER_REFUNDED: envelope('ORDER_REFUNDED'),
}

/** One event as clients send it: the contract's field names; what may be null may be left out. */
export const EventJson = z
  .discriminatedUnion('event_type', [
    EVENTS.ORDER_CREATED,
    EVENTS.ORDER_UPDATED,
    EVENTS.ORDER_PAID,
    EVENTS.ORDER_SHIPPED,
    EVENTS.ORDER_DELIVERED,
    EVENTS.ORDER_CANCELLED,
    EVENTS.ORDER_REFUNDED,
  ])
  .meta({ discriminator: { propertyName: 'event_type' } }) satisfies z.ZodType<OrderEvent>

/** The parts that OpenAPI names; an event's name is its type, as `discriminator` has it by default. */
export const NAMED_SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  Event: EventJson,
  ...EVENTS,
  EventId,
  EventTs,
  SchemaVersion,
  Id,
  Text,
  Currency,
  Amount,
  Item,
  Items,
}

/** The Avro index of a type: 0 is UNKNOWN. */
export const avroIndex = (type: EventType) => EVENT_TYPES.indexOf(type) + 1
