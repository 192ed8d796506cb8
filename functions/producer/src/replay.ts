import type { Registry } from '@order-up/kit'
import type { EventType } from '@order-up/schemas'
import { EVENT_TYPES } from '@order-up/schemas'
import type { Kafka } from 'kafkajs'
import { eventOf, planEvents, type Planned } from './olist/events.ts'
import { readOlistFiles } from './olist/orders.ts'
import { pump } from './pump.ts'
import { createRawSender, type RawMessage, type RawSender } from './send.ts'

export interface ReplayProgress {
  /** acknowledged events by type */
  sent: Record<EventType, number>
  /** acknowledged events of all types */
  total: number
  /** events in the files */
  of: number
}

export interface ReplayResult extends ReplayProgress {
  orders: number
  /** rows of items and payments whose order is not in orders.csv */
  orphans: number
  /** false: stopped before the end */
  complete: boolean
}

const BATCH = 2_000

/**
 * Replays the Olist files of a directory into raw, in event-time order over all orders. All is read and checked
 * before the first event is sent. Repeating it is safe: the event ids are the same each time.
 * @throws TerminalError `BAD_INPUT` naming file, line and column; what createRawSender and send throw
 */
export async function runReplay({
  dir,
  kafka,
  registry,
  signal,
  onProgress,
  onRetry,
}: {
  dir: string
  kafka: Kafka
  registry: Registry
  signal: AbortSignal
  onProgress?: (progress: ReplayProgress) => void
  onRetry?: (why: string) => void
}): Promise<ReplayResult> {
  const { orders, orphans } = await readOlistFiles(dir)
  const planned = planEvents(orders)
  const sent = Object.fromEntries(EVENT_TYPES.map((type) => [type, 0])) as ReplayProgress['sent']
  const progress: ReplayProgress = { sent, total: 0, of: planned.length }

  const sender = await createRawSender({ kafka, registry, ...(onRetry ? { onRetry } : {}) })
  try {
    const complete = await pump(sender, batchesOf(planned, sender), {
      signal,
      onAppended(batch) {
        for (const { type } of batch) sent[type] += 1
        progress.total += batch.length
        onProgress?.({ ...progress, sent: { ...sent } })
      },
    })
    return { ...progress, orders: orders.length, orphans, complete }
  } finally {
    await sender.close(1_000)
  }
}

function* batchesOf(planned: readonly Planned[], sender: RawSender) {
  for (let at = 0; at < planned.length; at += BATCH) {
    yield planned.slice(at, at + BATCH).map((plan): RawMessage & { type: EventType } => {
      const event = eventOf(plan)
      return { ...sender.messageOf(event), type: event.event_type }
    })
  }
}
