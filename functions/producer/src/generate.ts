import type { Registry } from '@order-up/kit'
import type { Kafka } from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createGenerator, type Generated, type Generator, type Kind } from './generator.ts'
import { pump } from './pump.ts'
import { createRawSender } from './send.ts'

const Share = z.number().min(0).max(1)

/** What `order-up produce` takes, with its defaults. */
export const GenerateOptions = z
  .object({
    /** how many orders to live through; absent = until stopped */
    orders: z.int().min(1).optional(),
    /** records per second; 0 = as fast as Kafka takes them */
    rate: z.number().min(0).default(100),
    /** the same seed gives the same orders: without one, say which was drawn */
    seed: z.int(),
    /** share of records that repeat an earlier one */
    duplicates: Share.default(0.02),
    /** share of events that come after a later event of their order; about half at most can */
    late: Share.default(0.05),
    /** share of records that the contract rejects */
    malformed: Share.default(0.005),
    /** orders under way at once */
    concurrent: z.int().min(1).default(200),
    /** exactly so many events for each order, for benchmarks */
    eventsPerOrder: z.int().min(1).optional(),
    /** event time of the first record, each further one 1 ms later; absent = the wall clock */
    startTs: z.int().optional(),
  })
  .refine(({ duplicates, malformed }) => duplicates + malformed < 1, {
    error: 'duplicates and malformed together must leave room for events',
    path: ['duplicates'],
  })
export type GenerateOptions = z.output<typeof GenerateOptions>

/** Acknowledged records by kind, and in all. */
export type GenerateCounts = Record<Kind, number> & { total: number }

export interface GenerateResult extends GenerateCounts {
  /** false: stopped before the last order was done */
  complete: boolean
}

const BATCH = 2_000
/** How often a paced run wakes up. */
const TICK_MS = 20
/** After an outage it does not make up for more than this. */
const MAX_DEBT_MS = 1_000

/**
 * Generates orders into raw until all are done or the signal aborts. While Kafka is away it waits. A run can be
 * repeated with the same seed: the ids are the same, so engines drop what was there already.
 * @throws what createRawSender and send throw
 */
export async function runGenerator({
  kafka,
  registry,
  options,
  signal,
  onProgress,
  onRetry,
}: {
  kafka: Kafka
  registry: Registry
  options: GenerateOptions
  signal: AbortSignal
  onProgress?: (counts: GenerateCounts) => void
  onRetry?: (why: string) => void
}): Promise<GenerateResult> {
  const sender = await createRawSender({ kafka, registry, ...(onRetry ? { onRetry } : {}) })
  try {
    const { orders = Infinity, startTs, rate } = options
    const { partitions, schemaId } = sender
    const generator = createGenerator({ ...options, orders, partitions, schemaId })
    const clock = startTs === undefined ? Date.now : counter(startTs)
    const batches = rate > 0 ? paced(generator, clock, rate, signal) : unpaced(generator, clock)

    const counts: GenerateCounts = { event: 0, late: 0, duplicate: 0, malformed: 0, total: 0 }
    const complete = await pump(sender, batches, {
      signal,
      onAppended(batch) {
        for (const { kind } of batch) counts[kind] += 1
        counts.total += batch.length
        onProgress?.({ ...counts })
      },
    })
    return { ...counts, complete }
  } finally {
    await sender.close(1_000)
  }
}

const counter = (from: number) => () => from++

function take(generator: Generator, clock: () => number, count: number): Generated[] {
  const batch: Generated[] = []
  while (batch.length < count) {
    const next = generator.next(clock())
    if (next === null) break
    batch.push(next)
  }
  return batch
}

function* unpaced(generator: Generator, clock: () => number) {
  for (;;) {
    const batch = take(generator, clock, BATCH)
    if (batch.length > 0) yield batch
    if (batch.length < BATCH) return
  }
}

async function* paced(
  generator: Generator,
  clock: () => number,
  rate: number,
  signal: AbortSignal,
) {
  let due = 1
  let last = performance.now()
  for (;;) {
    const count = Math.min(Math.floor(due), BATCH)
    const batch = take(generator, clock, count)
    if (batch.length > 0 || signal.aborted) yield batch // once aborted, the pump asks for no more
    if (batch.length < count) return
    due -= count
    if (due < 1)
      await sleep(Math.max(TICK_MS, ((1 - due) / rate) * 1_000), undefined, { signal }).catch(
        () => {},
      )
    const now = performance.now()
    due = Math.min(due + ((now - last) * rate) / 1_000, Math.max(1, (rate * MAX_DEBT_MS) / 1_000))
    last = now
  }
}
