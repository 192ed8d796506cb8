import {
  EVENT_TYPES,
  readUuid,
  type EventFacts,
  type Item,
  type OrderEvent,
} from '@order-up/schemas'

/** Fills `facts` from an event that was checked against the contract: as `readFacts` from its bytes. */
export function factsOf(event: OrderEvent, facts: EventFacts): void {
  readUuid(Buffer.from(event.event_id, 'latin1'), 0, facts.idView)
  facts.rank = EVENT_TYPES.indexOf(event.event_type)
  facts.ts = event.event_ts
  facts.clear()
  switch (event.event_type) {
    case 'ORDER_CREATED':
    case 'ORDER_UPDATED': {
      const { customer_id, items, shipping_amount } = event.payload
      const currency = event.event_type === 'ORDER_CREATED' ? event.payload.currency : ''
      facts.source = Buffer.from(currency + (customer_id ?? ''))
      if (currency !== '') facts.currencyStart = 0
      if (customer_id !== null) {
        facts.customerStart = currency.length
        facts.customerLength = facts.source.length - currency.length
      }
      if (items !== null) setItems(facts, items)
      if (shipping_amount !== null) facts.shipping = shipping_amount
      return
    }
    case 'ORDER_PAID':
    case 'ORDER_REFUNDED':
      facts.amount = event.payload.amount
      return
    case 'ORDER_SHIPPED':
    case 'ORDER_DELIVERED':
    case 'ORDER_CANCELLED':
  }
}

function setItems(facts: EventFacts, items: readonly Item[]) {
  facts.itemCount = 0
  facts.itemsAmount = 0
  for (const { quantity, unit_amount } of items) {
    facts.itemCount += quantity
    facts.itemsAmount += quantity * unit_amount
  }
}
