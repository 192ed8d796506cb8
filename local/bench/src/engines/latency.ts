import { CURATED_SUBJECT, CURATED_TOPIC, decodeCurated } from '@order-up/schemas'
import { quantile, round } from '../bench.ts'
import { pause, type Lane, type Measured } from './lane.ts'
import { followTail } from './tail.ts'

const LOOK_MS = 100
/** How long rows of the measured time are waited for after it: those that come later are the slowest. */
const GRACE_MS = 20_000

/** From an event's making to the moment at which a read_committed reader has its row, at a steady rate. */
export async function latency(lane: Lane): Promise<Measured> {
  const { bed, contestant, sizes } = lane
  const { pipeline } = bed
  await bed.startOver(bed.partitions)
  const ids = await pipeline.registry.subjectIds(CURATED_SUBJECT)
  const deployment = await bed.newDeployment(contestant.engine)
  await using engine = await bed.start(deployment, lane, lane.signal)
  const signal = AbortSignal.any([lane.signal, engine.failed])
  await engine.healthy(signal)

  let from = Infinity
  let until = Infinity
  let rows = 0
  const taken: number[] = []
  await using _tail = await followTail(pipeline.kafka, CURATED_TOPIC, (records) => {
    const now = Date.now()
    rows += records.length
    for (const { value } of records) {
      const decoded = decodeCurated(value, ids)
      if (decoded.kind !== 'row') continue
      const made = decoded.row.last_event_ts // no event is late here: it is that of the event
      if (from <= made && made < until) taken.push(now - made)
    }
  })

  const load = new AbortController()
  const generating = pipeline.generate(
    { seed: 1, orders: 1_000_000, rate: sizes.rate },
    load.signal,
  )
  generating.catch(() => {}) // seen below
  let cpu: number
  let made: number
  try {
    await pause(sizes.warmUpSeconds * 1_000, signal)
    from = Date.now()
    const before = engine.cpuSeconds()
    await pause(sizes.measuredSeconds * 1_000, signal)
    until = Date.now()
    cpu = engine.cpuSeconds() - before
  } finally {
    load.abort()
    made = await generating
  }
  const deadline = Date.now() + GRACE_MS
  while (rows < made) {
    if (Date.now() > deadline)
      throw new Error(`it does not keep up: ${rows} rows of ${made} events after ${GRACE_MS} ms`)
    await pause(LOOK_MS, signal)
  }
  const sorted = taken.toSorted((a, b) => a - b)
  return {
    'p50 ms': quantile(sorted, 0.5),
    'p99 ms': quantile(sorted, 0.99),
    'max ms': quantile(sorted, 1),
    '% of a core': round((cpu / sizes.measuredSeconds) * 100, 1),
  }
}
