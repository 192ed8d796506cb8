import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CURATED_TOPIC, engineGroup, RAW_TOPIC } from '@order-up/schemas'
import { round, type Bench, type Figures } from '../bench.ts'
import { Pipeline } from '../pipeline.ts'
import { usageOf } from '../usage.ts'

export const GROUP = engineGroup('node-1')

/** The sink commits up to the last row of a partition; the marker of its transaction comes after it. */
const PARTITIONS = 4

const ORDERS = 80_000

/** Any order's event may come next: the working set is all 80k orders. */
export const engine: Bench = {
  name: 'engine',
  about:
    '2M events of 80k orders in random order, already in raw, 4 partitions, one worker; then the sink on what it ' +
    'wrote; beside it the bare loop of kafkajs (consume, one transaction a batch, no decode, no fold, no headers)',
  run: (say) => drainAll(ORDERS, say),
}

/** As orders live: one after another, some of them at a time. */
export const engineLocal: Bench = {
  name: 'engine-local',
  about: 'the same with 200 orders under way at a time',
  run: (say) => drainAll(200, say),
}

async function drainAll(concurrent: number, say: (line: string) => void): Promise<Figures> {
  await using pipeline = await Pipeline.open()
  const cpu = process.cpuUsage()
  const start = performance.now()
  const work = { seed: 1, orders: ORDERS, eventsPerOrder: 25, concurrent }
  const events = await pipeline.generate(work)
  const produced = (performance.now() - start) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  say(`${events} events in raw after ${Math.round(produced)} s`)

  const worker = await pipeline.engine()
  const drained = await pipeline.drain(GROUP, RAW_TOPIC)
  const used = worker.usage()
  await worker.stop()
  say(`engine done: ${drained.eventsPerSecond} events/s`)

  const sink = await pipeline.sink()
  const merged = await pipeline.drain('order-up.sink', CURATED_TOPIC, PARTITIONS)
  const sinkUsed = sink.usage()
  await sink.stop()
  say(`sink done: ${merged.eventsPerSecond} rows/s`)

  const peer = await bareLoop(pipeline)
  const perMillion = (seconds: number) => round((seconds / events) * 1e6, 1)
  return {
    events,
    'producer, events/s': Math.round(events / produced),
    'producer, CPU-s per 1M': perMillion((user + system) / 1e6),
    'engine, events/s': drained.eventsPerSecond,
    'engine, CPU-s per 1M': perMillion(used.cpuSeconds),
    'engine, peak RSS MiB': used.peakRssMiB,
    'bare kafkajs loop, events/s': peer.eventsPerSecond,
    'bare kafkajs loop, CPU-s per 1M': perMillion(peer.cpuSeconds),
    'engine CPU / bare loop': round(used.cpuSeconds / peer.cpuSeconds, 2),
    'sink, rows/s': merged.eventsPerSecond,
    'sink, CPU-s per 1M': perMillion(sinkUsed.cpuSeconds),
    'sink, peak RSS MiB': sinkUsed.peakRssMiB,
  }
}

async function bareLoop(pipeline: Pipeline) {
  const group = 'bench.bare-loop'
  const module = fileURLToPath(new URL('../peers/kafkajs-loop.ts', import.meta.url))
  const child = fork(module, [pipeline.brokers, group, RAW_TOPIC, CURATED_TOPIC], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    await once(child, 'message')
    const { eventsPerSecond } = await pipeline.drain(group, RAW_TOPIC)
    return { eventsPerSecond, cpuSeconds: usageOf([child.pid!]).cpuSeconds }
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}
