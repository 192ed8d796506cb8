import { setTimeout as delay } from 'node:timers/promises'
import { followTopic } from '@order-up/kit'
import { CURATED_TOPIC, RAW_TOPIC } from '@order-up/schemas'
import { round, type Bench, type Figures } from '../bench.ts'
import { created, paid } from '../events.ts'
import { Pipeline } from '../pipeline.ts'
import { GROUP } from './engine.ts'

const UPDATES = 1_000_000

/** Fills an engine with orders, then sends events of orders drawn at random. */
async function withOrders(orders: number, pipeline: Pipeline, say: (line: string) => void) {
  await pipeline.feed(orders, (i) => created(i, i))
  say(`${orders} orders in raw`)
  const worker = await pipeline.engine()
  const filled = await pipeline.drain(GROUP, RAW_TOPIC)
  say(`folded at ${filled.eventsPerSecond} events/s`)
  await worker.stop()

  await pipeline.feed(UPDATES, (i) => paid(Math.floor(Math.random() * orders), orders + i))
  const again = await pipeline.engine()
  const updated = await pipeline.drain(GROUP, RAW_TOPIC)
  const used = again.usage()
  say(`updated at ${updated.eventsPerSecond} events/s`)
  const figures: Figures = {
    'new orders, events/s': filled.eventsPerSecond,
    'random updates, events/s': updated.eventsPerSecond,
    'random updates, CPU-s per 1M': round((used.cpuSeconds / UPDATES) * 1e6, 1),
    'peak RSS MiB': used.peakRssMiB,
    'of that anonymous MiB': used.anonymousMiB,
  }
  return { worker: again, figures }
}

export const million: Bench = {
  name: 'state-1m',
  about:
    '1M orders of state: random updates; then kill -9 under load, and the time to the first new row',
  async run(say) {
    await using pipeline = await Pipeline.open()
    const { worker, figures } = await withOrders(1_000_000, pipeline, say)
    const load = new AbortController()
    const generating = pipeline.generate({ seed: 7, orders: 1_000_000, rate: 200 }, load.signal)
    let rows = 0
    const reader = await followTopic(pipeline.kafka, CURATED_TOPIC, (batch) => {
      rows += batch.length
    })
    await reader.caughtUp
    const nextRow = async () => {
      const before = rows
      while (rows === before) await delay(20)
    }
    await nextRow()
    await worker.stop('SIGKILL')
    while (await settled(() => rows)) await delay(20)
    const start = performance.now()
    await pipeline.engine()
    await nextRow()
    const seconds = (performance.now() - start) / 1_000
    load.abort()
    await generating
    await reader.stop()
    return { ...figures, 'restart to first new row, s': round(seconds, 1) }
  },
}

/** Whether rows still come in, from before the kill. */
async function settled(count: () => number): Promise<boolean> {
  const before = count()
  await delay(300)
  return count() !== before
}

export const tenMillion: Bench = {
  name: 'state-10m',
  about: '10M orders of state: random updates',
  async run(say) {
    await using pipeline = await Pipeline.open()
    const { worker, figures } = await withOrders(10_000_000, pipeline, say)
    await worker.stop()
    return figures
  },
}
