import { decodeCurated, EventFacts, Writer } from '@order-up/schemas'
import type { CuratedOrder, OrderEvent } from '@order-up/schemas'
import { factsOf } from './facts-of.ts'
import { foldInto, roomFor } from './fold-bytes.ts'
import { memoryOf, type Memory } from './memory.ts'
import { writeRow } from './row.ts'

/** All that the fold remembers of one order: bytes, opaque, never changed. layout.ts says what they mean. */
export type OrderState = Memory

/** reused from event to event, and from row to row */
const facts = new EventFacts()
const writer = new Writer()

/**
 * `foldInto` with an object for each event and each state, for where speed does not matter.
 * Pure: `state` stays as it was.
 * @param state null for an order not seen before
 * @param event already checked against the contract (decodeRaw)
 * @returns the new state, or 'duplicate' where this event id was applied before
 */
export function fold(state: OrderState | null, event: OrderEvent): OrderState | 'duplicate' {
  factsOf(event, facts)
  const before = state?.bytes.length ?? 0
  const room = memoryOf(Buffer.allocUnsafe(roomFor(state, 0, before, facts)))
  const length = foldInto(state, 0, before, facts, room, 0)
  if (length === 0) return 'duplicate'
  return length === room.bytes.length ? room : memoryOf(room.bytes.subarray(0, length))
}

/** The curated row of an order that stands at `state`. */
export function rowOf(order_id: string, state: OrderState): CuratedOrder {
  const decoded = decodeCurated(encodeRow(order_id, state, SCHEMA_ID), SCHEMA_IDS)
  if (decoded.kind !== 'row') throw new Error(`the state of ${order_id} gives no row`)
  return decoded.row
}

const SCHEMA_ID = 0
const SCHEMA_IDS = new Map([[SCHEMA_ID, 1]])

/** The framed row as an engine writes it; valid until the next call of anything here. */
export function encodeRow(order_id: string, state: OrderState, schemaId: number): Buffer {
  const key = Buffer.from(order_id)
  writer.pos = 0
  writeRow(writer, schemaId, key, 0, key.length, state, 0, state.bytes.length)
  return writer.since(0)
}
