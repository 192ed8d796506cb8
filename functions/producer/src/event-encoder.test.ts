import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeEvent, type OrderEvent } from '@order-up/schemas'
import { eventEncoder } from './event-encoder.ts'

const event = (n: number, reason: string): OrderEvent => ({
  event_id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  event_type: 'ORDER_CANCELLED',
  event_ts: Date.UTC(2026),
  order_id: `o-${n}`,
  payload: { reason },
  schema_version: 1,
})

test('what was encoded stays as it was, however much is encoded after it', () => {
  // Prepare: some chunks full, with an event among them that is larger than what is left of one
  const events = Array.from({ length: 2_000 }, (_, n) => event(n, 'x'.repeat(n % 500 ? 80 : 5_000)))
  const encode = eventEncoder(7)

  // Act
  const encoded = events.map(encode)

  // Assess
  assert.deepEqual(
    encoded.map((bytes) => bytes.toString('hex')),
    events.map((one) => encodeEvent(one, 7).toString('hex')),
  )
  assert.ok(new Set(encoded.map(({ buffer }) => buffer)).size < 20)
})
