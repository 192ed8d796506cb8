import { Writer, writeEvent, type OrderEvent } from '@order-up/schemas'

const CHUNK_BYTES = 1 << 16
/** Most events fit into this; for another the chunk grows. */
const ROOM_BYTES = 1_024

/**
 * Frames events. Their bytes share allocations: a buffer for each costs more than all the rest of encoding it.
 * @param schemaId of the raw schema
 */
export function eventEncoder(schemaId: number): (event: OrderEvent) => Buffer {
  let writer = new Writer(CHUNK_BYTES)
  return (event) => {
    if (writer.pos > CHUNK_BYTES - ROOM_BYTES) writer = new Writer(CHUNK_BYTES)
    return writeEvent(writer, event, schemaId)
  }
}
