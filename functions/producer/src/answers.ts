import { REASONS } from '@order-up/schemas'
import { z } from 'zod'

/** Why an event was refused: the contract's reasons, and `invalid_shape` for what is not an event at all. */
export const RejectedEvent = z.strictObject({
  index: z.int().min(0).meta({ description: 'its place in the request, from 0' }),
  event_id: z.string().optional().meta({ description: 'as sent, where it is a short string' }),
  reason: z.enum(['invalid_shape', ...REASONS]),
  detail: z.string().meta({ description: 'for a person' }),
})
export type RejectedEvent = z.infer<typeof RejectedEvent>

const AcceptedEvent = z.strictObject({
  index: z.int().min(0).meta({ description: 'its place in the request, from 0' }),
  event_id: z.string(),
  partition: z.int().min(0),
  offset: z.int().min(0).meta({ description: 'where it lies in orders.events.raw' }),
})

/** Answer 202, 207 and 400 (all were bad): what became of each event. */
export const Outcome = z.strictObject({
  accepted: z.array(AcceptedEvent),
  rejected: z.array(RejectedEvent),
})
export type Outcome = z.infer<typeof Outcome>

/** Any other answer: nothing of the request is claimed to be accepted. */
export const Problem = z.strictObject({
  error: z.strictObject({
    code: z.string().meta({ description: 'stable' }),
    message: z.string(),
  }),
})
export type Problem = z.infer<typeof Problem>
