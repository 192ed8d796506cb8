import { readFile, writeFile } from 'node:fs/promises'
import { messageOf, openFetcher } from '@order-up/kit'
import { CURATED_TOPIC, encodeEvent } from '@order-up/schemas'
import { provideEngine, type EngineProgram } from '@order-up/stack'
import { round, type Bench, type BenchOptions } from '../bench.ts'
import { emptyTopics, removeDeployment } from '../engines/deployments.ts'
import { drain } from '../engines/draining.ts'
import { pause, type Measured } from '../engines/lane.ts'
import { steadyFigures } from '../engines/steady.ts'
import { Testbed } from '../engines/testbed.ts'
import { created, paid, updated } from '../events.ts'
import { pictureOf } from '../growth/picture.ts'
import { sectionOf, type Dimension, type Point, type Report, type Sizes } from '../growth/report.ts'
import { resultFile, runFile, thisMachine } from '../machine.ts'
import { withSection } from '../page.ts'
import { PARTITIONS } from '../pipeline.ts'

const FULL: Sizes = {
  runs: 1,
  ordersInState: [10_000, 100_000, 1_000_000, 10_000_000],
  updates: 1_000_000,
  partitions: [4, 24, 100],
  workers: [1, 2],
  orders: 80_000,
  eventsPerOrder: 25,
  eventSizes: [
    { items: 1, events: 1_000_000 },
    { items: 10, events: 600_000 },
    { items: 50, events: 250_000 },
  ],
}
const QUICK: Sizes = {
  ...FULL,
  ordersInState: [1_000, 10_000, 100_000],
  updates: 100_000,
  orders: 8_000,
  eventSizes: FULL.eventSizes.map(({ items }) => ({ items, events: 50_000 })),
}
/** for one drain; 10M orders are fed in five minutes on a busy machine */
const PATIENCE_MS = 15 * 60_000
const LOOK_MS = 200

/** How the Node engine's figures change with the size of everything. */
export const growth: Bench = {
  name: 'growth',
  about:
    'the Node engine by orders in state (10k to 10M), partitions (4 to 100), workers and event size: events/s and CPU, 13 ' +
    'minutes on two cores',
  async run(say, { quick, runs = FULL.runs }: BenchOptions) {
    const sizes = { ...(quick ? QUICK : FULL), runs }
    const program = await provideEngine('node', {
      env: process.env,
      onProgress: say,
      signal: new AbortController().signal,
    })
    const date = new Date().toISOString()
    const { name, about } = growth
    const growing = new Growing(program, sizes, say)
    await growing.measure()
    const { points } = growing
    const report: Report = { name, about, date, machine: thisMachine(), sizes, points }
    process.stdout.write(
      `${quick ? '**QUICK: these figures say nothing**\n\n' : ''}${sectionOf(report)}\n`,
    )
    if (!quick) await keep(report)
    return undefined
  },
}

async function keep(report: Report): Promise<void> {
  await writeFile(runFile(report.name, report.date), `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(resultFile('growth.svg'), pictureOf(report))
  const page = resultFile('README.md')
  await writeFile(page, withSection(await readFile(page, 'utf8'), report.name, sectionOf(report)))
}

/** One log after another, each drained by deployments that are new to it. */
class Growing {
  readonly points: Point[] = []
  readonly #program: EngineProgram
  readonly #sizes: Sizes
  readonly #say: (line: string) => void

  constructor(program: EngineProgram, sizes: Sizes, say: (line: string) => void) {
    this.#program = program
    this.#sizes = sizes
    this.#say = say
  }

  async measure(): Promise<void> {
    const { partitions } = this.#sizes
    await using bed = await Testbed.open()
    await this.#partitionsAndWorkers(bed)
    await this.#eventSizes(bed)
    await this.#ordersInState(bed)
    for (const many of partitions.filter((count) => count !== PARTITIONS)) {
      await bed.startOver(many)
      await this.#fill(bed)
      await this.#runs('partitions', many, () => this.#drainAll(bed, this.#events, 1))
    }
  }

  get #events() {
    return this.#sizes.orders * this.#sizes.eventsPerOrder
  }

  /** Any order's event may come next. */
  async #fill({ pipeline, partitions }: Testbed): Promise<void> {
    const { orders, eventsPerOrder } = this.#sizes
    this.#say(`${partitions} partitions: filling the log`)
    await pipeline.generate({ seed: 1, orders, eventsPerOrder, concurrent: orders })
  }

  /** One worker on four partitions is a point of both. */
  async #partitionsAndWorkers(bed: Testbed): Promise<void> {
    await this.#fill(bed)
    for (const workers of this.#sizes.workers)
      await this.#runs('workers', workers, () => this.#drainAll(bed, this.#events, workers))
    const one = this.points.filter(({ value }) => value === 1)
    this.points.push(
      ...one.map((point): Point => ({ ...point, dimension: 'partitions', value: PARTITIONS })),
    )
  }

  async #eventSizes(bed: Testbed): Promise<void> {
    const { eventSizes, orders } = this.#sizes
    for (const { items, events } of eventSizes) {
      await bed.startOver(bed.partitions)
      await bed.pipeline.feed(events, (i) => updated(anyOf(orders), i, items))
      const bytes = encodeEvent(updated(0, 0, items), 1).length
      await this.#runs('items in an event', items, async () => {
        const figures = await this.#drainAll(bed, events, 1)
        const rate = figures['events/s']
        return {
          ...figures,
          'bytes of an event': bytes,
          ...(rate && { 'MB/s': round((rate * bytes) / 1e6, 1) }),
        }
      })
    }
  }

  async #ordersInState(bed: Testbed): Promise<void> {
    const { ordersInState, updates } = this.#sizes
    for (const orders of ordersInState) {
      await bed.startOver(bed.partitions)
      const deployment = await bed.newDeployment('node')
      await bed.pipeline.feed(orders, (i) => created(i, i))
      await this.#fold(bed, deployment)
      let events = orders
      await this.#runs('orders in state', orders, async () => {
        await emptyTopics(bed.pipeline.kafka, [CURATED_TOPIC], bed.partitions)
        await bed.pipeline.feed(updates, (i) => paid(anyOf(orders), events + i))
        events += updates
        const figures = await this.#drain(bed, deployment, updates, 1)
        return { ...figures, 'events of an order': round(events / orders, 2) }
      })
      await removeDeployment(bed.pipeline.kafka, deployment)
    }
  }

  /** Until all of raw is in the state. */
  async #fold(bed: Testbed, deployment: string): Promise<void> {
    const start = performance.now()
    const late = AbortSignal.timeout(PATIENCE_MS)
    await using engine = await bed.start(deployment, this.#lane(1), late)
    const signal = AbortSignal.any([late, engine.failed])
    while (!(await bed.hasCommittedAll(deployment))) await pause(LOOK_MS, signal)
    this.#say(`  in state after ${Math.round((performance.now() - start) / 1_000)} s`)
  }

  /** By a deployment that has never run. */
  async #drainAll(bed: Testbed, events: number, workers: number): Promise<Measured> {
    const { kafka } = bed.pipeline
    await emptyTopics(kafka, [CURATED_TOPIC], bed.partitions)
    const deployment = await bed.newDeployment('node')
    try {
      return await this.#drain(bed, deployment, events, workers)
    } finally {
      await removeDeployment(kafka, deployment).catch(() => {}) // no figure depends on it
    }
  }

  /** @param rows that it will write */
  async #drain(bed: Testbed, deployment: string, rows: number, workers: number): Promise<Measured> {
    const fetcher = await openFetcher(bed.pipeline.kafka)
    const late = AbortSignal.timeout(PATIENCE_MS)
    try {
      await using engine = await bed.start(deployment, this.#lane(workers), late)
      const signal = AbortSignal.any([late, engine.failed])
      const changes = await drain({ bed, engine, fetcher, deployment, total: rows, signal })
      const steady = steadyFigures(changes, rows)
      return {
        ...(steady && {
          'events/s': Math.round(steady.rowsPerSecond),
          'CPU-s per 1M': round(steady.engineCpu, 2),
          'broker CPU-s per 1M': round(steady.brokerCpu, 2),
        }),
        'peak RSS MiB': engine.usage().peakRssMiB,
      }
    } finally {
      await fetcher.close()
    }
  }

  #lane(workers: number) {
    return { program: this.#program, contestant: { env: { WORKERS: String(workers) } } }
  }

  /** A point that fails is kept as that, and the others go on. */
  async #runs(dimension: Dimension, value: number, once: () => Promise<Measured>): Promise<void> {
    for (let run = 0; run < this.#sizes.runs; run++) {
      const point = await once().then(
        (figures): Point => ({ dimension, value, figures }),
        (error: unknown): Point => ({ dimension, value, figures: {}, failure: messageOf(error) }),
      )
      this.points.push(point)
      const { failure, figures } = point
      this.#say(`${dimension} ${value}: ${failure ?? JSON.stringify(figures)}`)
    }
  }
}

const anyOf = (orders: number) => Math.floor(Math.random() * orders)
