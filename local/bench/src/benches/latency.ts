import { setTimeout as delay } from 'node:timers/promises'
import { followTopic } from '@order-up/kit'
import { CURATED_SUBJECT, CURATED_TOPIC, decodeCurated } from '@order-up/schemas'
import { quantile, type Bench } from '../bench.ts'
import { Pipeline } from '../pipeline.ts'

const RATE = 2_000
const SECONDS = 30
const WARM_UP_SECONDS = 10

export const latency: Bench = {
  name: 'latency',
  about: `raw → curated at ${RATE} events/s: from the event's making to a read_committed reader, ${SECONDS} s`,
  async run() {
    await using pipeline = await Pipeline.open()
    const ids = await pipeline.registry.subjectIds(CURATED_SUBJECT)
    const worker = await pipeline.engine()
    const stop = new AbortController()
    const generating = pipeline.generate({ seed: 1, orders: 1_000_000, rate: RATE }, stop.signal)
    const from = Date.now() + WARM_UP_SECONDS * 1_000
    const taken: number[] = []
    const reader = await followTopic(pipeline.kafka, CURATED_TOPIC, (records) => {
      const now = Date.now()
      for (const { value } of records) {
        const decoded = decodeCurated(value, ids)
        if (decoded.kind === 'row' && decoded.row.last_event_ts >= from)
          taken.push(now - decoded.row.last_event_ts)
      }
    })
    await delay((WARM_UP_SECONDS + SECONDS) * 1_000)
    stop.abort()
    await generating
    await reader.stop()
    await worker.stop()
    const sorted = taken.toSorted((a, b) => a - b)
    return {
      events: sorted.length,
      'p50 ms': quantile(sorted, 0.5),
      'p99 ms': quantile(sorted, 0.99),
      'max ms': sorted.at(-1) ?? NaN,
    }
  },
}
