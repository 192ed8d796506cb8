import type { TopicRecord } from '@order-up/kit'
import { createRawSender } from '@order-up/producer'
import { CURATED_TOPIC, type OrderEvent } from '@order-up/schemas'
import { round } from '../bench.ts'
import { created, paid } from '../events.ts'
import type { Pipeline } from '../pipeline.ts'
import { pause, type Lane, type Measured } from './lane.ts'
import { followTail } from './tail.ts'
import type { Testbed } from './testbed.ts'

const LOOK_MS = 20
const COMMITTED_LOOK_MS = 200
const TICK_MS = 50
/** What a killed engine had sent may still be appended for a moment. */
const ON_THE_WAY_MS = 250

/** Puts the orders into raw, once for all engines. */
export async function prepareRecovery(bed: Testbed, { sizes }: Pick<Lane, 'sizes'>) {
  await bed.pipeline.feed(sizes.ordersInState, (i) => created(i, i))
}

/** Deployments keep their state from round to round: it is folded once. */
export class Recoveries {
  readonly #deployments = new Map<string, string>()
  #events = 0

  /** From kill -9 of an engine that holds all orders, under load, to the next rows that a reader sees. */
  async measure(lane: Lane): Promise<Measured> {
    const { bed, sizes } = lane
    const deployment = await this.#deploymentFor(lane)
    await using engine = await bed.start(deployment, lane, lane.signal)
    const signal = AbortSignal.any([lane.signal, engine.failed])
    while (!(await bed.hasCommittedAll(deployment))) await pause(COMMITTED_LOOK_MS, signal)

    const seen = new FirstRows()
    await using _tail = await followTail(bed.pipeline.kafka, CURATED_TOPIC, (r) => seen.take(r))
    await using _load = await this.#load(bed.pipeline, lane)
    while (seen.partitions < bed.partitions) await pause(LOOK_MS, signal)
    await pause(sizes.beforeKillSeconds * 1_000, signal)

    seen.onlyAfter(Date.now() + ON_THE_WAY_MS)
    const killed = await engine.kill()
    await using again = await bed.restart(deployment, lane, lane.signal)
    const recovering = AbortSignal.any([lane.signal, again.failed])
    while (seen.partitions < bed.partitions) await pause(LOOK_MS, recovering)
    return {
      'first row s': round((seen.first - killed) / 1_000, 2),
      'every partition s': round((seen.last - killed) / 1_000, 2),
    }
  }

  async #deploymentFor({ bed, contestant }: Lane): Promise<string> {
    const { name, engine } = contestant
    const known = this.#deployments.get(name)
    if (known !== undefined) return known
    const deployment = await bed.newDeployment(engine)
    this.#deployments.set(name, deployment)
    return deployment
  }

  /** Events of orders drawn at random, so that the state is needed. */
  #load(pipeline: Pipeline, { sizes }: Lane): Promise<AsyncDisposable> {
    return steadyLoad(pipeline, sizes.killRate, () => {
      const order = Math.floor(Math.random() * sizes.ordersInState)
      return paid(order, sizes.ordersInState + this.#events++)
    })
  }
}

/** When rows were first seen, by partition: of those that were appended after a moment. */
class FirstRows {
  #after = 0
  #seen = new Map<number, number>()

  take(records: readonly TopicRecord[]): void {
    const now = Date.now()
    for (const { partition, timestamp } of records)
      if (timestamp >= this.#after && !this.#seen.has(partition)) this.#seen.set(partition, now)
  }

  /** Begins again. @param time the broker's, as it stamps what it appends */
  onlyAfter(time: number): void {
    this.#after = time
    this.#seen = new Map()
  }

  get partitions(): number {
    return this.#seen.size
  }

  get first(): number {
    return Math.min(...this.#seen.values())
  }

  get last(): number {
    return Math.max(...this.#seen.values())
  }
}

/** Sends events at a rate until it is disposed of. */
async function steadyLoad(
  { kafka, registry }: Pipeline,
  rate: number,
  next: () => OrderEvent,
): Promise<AsyncDisposable> {
  const sender = await createRawSender({ kafka, registry })
  const stop = new AbortController()
  const sending = (async () => {
    while (!stop.signal.aborted) {
      const count = Math.round((rate * TICK_MS) / 1_000)
      await sender.send(Array.from({ length: count }, () => sender.messageOf(next())))
      await pause(TICK_MS, stop.signal).catch(() => {})
    }
  })()
  sending.catch(() => {}) // then no rows come, and the run says so
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await sending.catch(() => {})
      await sender.close()
    },
  }
}
