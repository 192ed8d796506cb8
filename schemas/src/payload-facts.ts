import type { Cursor } from './cursor.ts'
import type { EventFacts } from './event-facts.ts'
import { MAX_AMOUNT, MAX_ITEMS, MAX_QUANTITY, MAX_QUANTITY_SUM } from './validate.ts'

/**
 * Reads the payload of an event of `facts.rank`, in the order of the Avro schema; every check of it is here. Where one
 * fails, the cursor says so.
 */
export function readPayloadFacts(facts: EventFacts, r: Cursor): void {
  facts.clear()
  switch (facts.rank) {
    case 0:
      readCustomer(facts, r)
      readCurrency(facts, r)
      readItems(facts, r)
      facts.shipping = readAmount(r)
      return
    case 1:
      if (r.isSet()) readCustomer(facts, r)
      if (r.isSet()) readItems(facts, r)
      if (r.isSet()) facts.shipping = readAmount(r)
      return
    case 2:
      r.text(1) // payment_id
      facts.amount = readAmount(r)
      r.text(0) // method
      return
    case 3:
      if (r.isSet()) r.text(0) // carrier
      if (r.isSet()) r.text(0) // tracking_number
      return
    case 4:
      if (r.isSet()) r.text(0) // signed_by
      return
    case 5:
      r.text(0) // reason
      return
    default:
      r.text(1) // refund_id
      facts.amount = readAmount(r)
      if (r.isSet()) r.text(0) // reason
  }
}

function readCustomer(facts: EventFacts, r: Cursor) {
  facts.customerStart = r.text(1)
  facts.customerLength = r.pos - facts.customerStart
}

function readCurrency(facts: EventFacts, r: Cursor) {
  const start = r.text(3)
  facts.currencyStart = start
  if (r.pos - start !== 3) return r.fail()
  for (let i = start; i < start + 3; i++) {
    const byte = r.buf[i]!
    if (byte < 0x41 || byte > 0x5a) r.fail() // A to Z
  }
}

function readItems(facts: EventFacts, r: Cursor) {
  let items = 0
  let count = 0
  let amount = 0
  for (;;) {
    let block = r.long()
    if (block === 0) break
    if (block < 0) {
      if (r.long() < 0) return r.fail() // the block's size in bytes; the items are counted anyway
      block = -block
    }
    items += block
    if (items > MAX_ITEMS) return r.fail()
    for (; block > 0; block--) {
      r.text(1) // sku
      const quantity = r.long()
      if (!(quantity >= 1 && quantity <= MAX_QUANTITY)) return r.fail()
      count += quantity
      amount += quantity * readAmount(r) // inexact only far above the bound, where it fails anyway
      if (amount > MAX_AMOUNT) return r.fail()
    }
  }
  if (count > MAX_QUANTITY_SUM) return r.fail()
  facts.itemCount = count
  facts.itemsAmount = amount
}

function readAmount(r: Cursor): number {
  const amount = r.long()
  if (!(amount >= 0 && amount <= MAX_AMOUNT)) r.fail()
  return amount
}
