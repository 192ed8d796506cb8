import { openFetcher, type Fetcher } from '@order-up/kit'
import { CURATED_TOPIC } from '@order-up/schemas'
import { round } from '../bench.ts'
import { emptyTopics, removeDeployment } from './deployments.ts'
import { drain } from './draining.ts'
import { pause, type Lane, type Measured } from './lane.ts'
import type { RunningEngine } from './running.ts'
import { steadyFigures } from './steady.ts'
import type { Testbed } from './testbed.ts'

/** Fills raw, once for all engines: any order's event may come next, so that all orders are the working set. */
export async function prepareThroughput(
  bed: Testbed,
  { sizes, signal }: Pick<Lane, 'sizes' | 'signal'>,
) {
  const { orders, eventsPerOrder } = sizes
  await bed.pipeline.generate({ seed: 1, orders, eventsPerOrder, concurrent: orders }, signal)
}

/** How fast an engine drains raw, and what that costs. */
export async function throughput(lane: Lane): Promise<Measured> {
  const { bed, contestant, sizes } = lane
  const { kafka } = bed.pipeline
  const total = sizes.orders * sizes.eventsPerOrder
  await emptyTopics(kafka, [CURATED_TOPIC], bed.partitions)
  const deployment = await bed.newDeployment(contestant.engine)
  const fetcher = await openFetcher(kafka)
  try {
    await using engine = await bed.start(deployment, lane, lane.signal)
    const signal = AbortSignal.any([lane.signal, engine.failed])
    const changes = await drain({ bed, engine, fetcher, deployment, total, signal })
    const { cpuSeconds, peakRssMiB } = engine.usage()
    // once for each engine: they are still, and so is the figure
    const isFirst = lane.round === 1
    const idle = isFirst && (await idlePercent(engine, sizes.idleSeconds, signal))
    if (isFirst) await countRows(fetcher, total, signal)
    const steady = steadyFigures(changes, total)
    return {
      ...(steady && {
        'events/s': Math.round(steady.rowsPerSecond),
        'CPU-s per 1M': round(steady.engineCpu, 2),
        'broker CPU-s per 1M': round(steady.brokerCpu, 2),
      }),
      'CPU-s per 1M with start': round((cpuSeconds / total) * 1e6, 2),
      'peak RSS MiB': peakRssMiB,
      ...(idle !== false && { 'idle % of a core': round(idle, 2) }),
    }
  } finally {
    await fetcher.close()
    await removeDeployment(kafka, deployment).catch(() => {}) // no figure depends on it
  }
}

/** Until it has put away what it had in hand. */
const SETTLE_MS = 5_000

/** What it takes while nothing comes. */
async function idlePercent(
  engine: RunningEngine,
  seconds: number,
  signal: AbortSignal,
): Promise<number> {
  await pause(SETTLE_MS, signal)
  const [before, start] = [engine.cpuSeconds(), performance.now()]
  await pause(seconds * 1_000, signal)
  return ((engine.cpuSeconds() - before) / (performance.now() - start)) * 1_000 * 100
}

/** A figure counts only if there is a row for every event, and no more. */
async function countRows(fetcher: Fetcher, total: number, signal: AbortSignal): Promise<void> {
  const ends = await fetcher.lastStableOffsets(CURATED_TOPIC)
  let rows = 0
  for (const [partition, to] of ends.entries())
    for await (const { records } of fetcher.read(CURATED_TOPIC, { partition, from: 0, to })) {
      signal.throwIfAborted()
      rows += records.length
    }
  if (rows !== total) throw new Error(`${rows} rows of ${total} events are in curated`)
}
