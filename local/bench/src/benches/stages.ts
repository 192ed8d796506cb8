import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StateStore } from '@order-up/engine-node/store'
import { openProducers } from '@order-up/engine-node/testing'
import { chooseTransport } from '@order-up/engine-node/transport'
import {
  crc32c,
  FetchLoop,
  KafkaConfig,
  messageOf,
  parseConfig,
  silentLog,
  type EncodedRecords,
} from '@order-up/kit'
import {
  CONTRACT_VERSION,
  CURATED_SUBJECT,
  CURATED_TOPIC,
  currentSchema,
  RAW_SUBJECT,
  RAW_TOPIC,
} from '@order-up/schemas'
import { round, type Bench, type BenchOptions } from '../bench.ts'
import { machineLine } from '../engines/report.ts'
import { resultFile, runFile, thisMachine } from '../machine.ts'
import { withSection } from '../page.ts'
import { PARTITIONS, Pipeline } from '../pipeline.ts'
import { pass, PASSES, type Fetch, type Work } from '../stages/passes.ts'
import { stagesOf, stageTable, sumOf, type Stage } from '../stages/table.ts'

const ORDERS = 80_000
const EVENTS_PER_ORDER = 12
/** The first half of the log makes the state that the second half changes. */
const MEASURED_SHARE = 0.5
const ROUNDS = 5
const GROUP = 'bench.stages'

/** Where the Node engine's time goes: a stage after the other, by itself. */
export const stages: Bench = {
  name: 'stages',
  about:
    'what each stage of the Node engine costs an event: the same fetched bytes (480k events of 80k orders) in passes that ' +
    'go further and further, in one process; then sent in transactions by kafkajs and by the native producer',
  async run(say, { quick, runs = ROUNDS }: BenchOptions) {
    await using pipeline = await Pipeline.open()
    const orders = quick ? 4_000 : ORDERS
    const eventsPerOrder = EVENTS_PER_ORDER
    await pipeline.generate({ seed: 1, orders, eventsPerOrder, concurrent: orders })
    const measured = await measure(pipeline, runs, say)
    const machine = thisMachine()
    const date = new Date().toISOString()
    const { name, about } = stages
    const text = section(date, machineLine(machine, undefined), measured)
    process.stdout.write(`${quick ? '**QUICK: these figures say nothing**\n\n' : ''}${text}\n`)
    if (quick) return undefined
    const kept = { name, about, date, machine, rounds: runs, stages: measured }
    await writeFile(runFile(name, date), `${JSON.stringify(kept, null, 2)}\n`)
    const page = resultFile('README.md')
    await writeFile(page, withSection(await readFile(page, 'utf8'), name, text))
    return undefined
  },
}

const section = (date: string, machine: string, measured: readonly Stage[]) =>
  [
    '## What each stage of the Node engine costs',
    `\`npm run bench stages\` on ${date.slice(0, 10)}: ${machine}. 480,000 events of 80,000 orders in random order, 4 ` +
      `partitions, in one process: the same fetched bytes in passes that go further and further, of which each stage is ` +
      `what one adds to the one before; then written to the disk, and sent. CPU of all threads, the collector's too; ` +
      `medians of the rounds.`,
    stageTable(measured),
  ].join('\n\n')

async function measure(
  pipeline: Pipeline,
  rounds: number,
  say: (line: string) => void,
): Promise<Stage[]> {
  const ids = await pipeline.registry.subjectIds(RAW_SUBJECT)
  const curatedSchemaId = await pipeline.registry.idOf(
    CURATED_SUBJECT,
    currentSchema(CURATED_SUBJECT),
  )
  const fetched = await fetchAll(pipeline)
  say(`fetched: ${round(fetched.micros, 2)} µs an event`)
  const works: Work[] = []
  for (const [partition, fetches] of fetched.byPartition.entries()) {
    const store = await StateStore.open(join(pipeline.dir, `stages-${partition}`), {
      contractVersion: CONTRACT_VERSION,
      partitions: PARTITIONS,
      next: 0,
      last: null,
    })
    const half = Math.floor(fetches.length * (1 - MEASURED_SHARE))
    const work = { partition, partitions: PARTITIONS, ids, curatedSchemaId, store }
    pass({ ...work, fetches: fetches.slice(0, half) }, PASSES.length - 1)
    store.commit(1, null)
    await store.flush()
    works.push({ ...work, fetches: fetches.slice(half) })
  }
  const last = PASSES.length - 1
  const out = works.flatMap((work) => pass(work, last))
  for (const { store } of works) store.rollback()
  const events = out.reduce((sum, { length }) => sum + length, 0)

  const passes = PASSES.map((name) => [name, [] as number[]] as const)
  for (let i = 0; i < rounds; i++)
    for (const [depth, [, taken]] of passes.entries()) {
      taken.push(micros(() => works.forEach((work) => void pass(work, depth)), events))
      for (const { store } of works) store.rollback()
    }
  say(`in passes: ${passes.map(([name, taken]) => `${name} ${round(taken[0]!, 2)}`).join(', ')}`)

  const checksum = micros(() => out.forEach(({ bytes }) => crc32c(bytes, 0, bytes.length)), events)
  await pipeline.progress(GROUP, RAW_TOPIC) // the broker has somebody for the group from now on
  const kafkajs = await sendAll(pipeline, 'kafkajs', out, events)
  const native = await sendAll(pipeline, 'native', out, events).catch((error: unknown) => {
    say(`native: ${messageOf(error)}`)
    return undefined
  })
  for (const work of works) pass(work, last)
  for (const { store } of works) store.commit(2, null)
  const flushed = await microsOf(() => Promise.all(works.map(({ store }) => store.flush())), events)
  for (const { store } of works) await store.close()

  const own = [
    { name: 'fetching, from the broker', micros: fetched.micros },
    ...stagesOf(passes),
    { name: 'the state, written to the disk', micros: flushed },
  ]
  const sending = { name: 'sending in transactions, by kafkajs', micros: kafkajs }
  const all: Stage[] = [
    ...own,
    sending,
    { name: 'of that, the checksum', micros: checksum, aside: true },
  ]
  if (native !== undefined)
    all.push({ name: 'or by the native producer', micros: native, aside: true })
  say(`all: ${round(sumOf(all), 2)} µs an event`)
  return all
}

/** CPU of this process, all threads. */
function micros(work: () => void, events: number): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / events
}

async function microsOf(work: () => Promise<unknown>, events: number): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / events
}

/** All of raw, as it comes. */
async function fetchAll({ kafka, ends }: Pipeline) {
  const high = await ends(RAW_TOPIC)
  const byPartition = high.map((): Fetch[] => [])
  const done = new AbortController()
  const loop = new FetchLoop(kafka, { onTrouble: () => {} })
  const events = high.reduce((sum, end) => sum + end, 0)
  let left = high.filter((end) => end > 0).length
  for (const [partition, end] of high.entries()) {
    const cursor = {
      topic: RAW_TOPIC,
      partition,
      position: 0,
      isPaused: () => cursor.position >= end,
      take({ batches }: { batches: Buffer }) {
        const from = cursor.position
        const next = nextAfter(batches, from)
        if (next === from) return
        byPartition[partition]!.push({ from, batches })
        cursor.position = next
        if (next >= end && --left === 0) done.abort()
      },
    }
    loop.cursors.add(cursor)
  }
  const taken = await microsOf(() => loop.run(done.signal), events)
  return { byPartition, micros: taken }
}

/** By the heads of the batches alone: what reading records costs is a stage of its own. */
function nextAfter(batches: Buffer, from: number): number {
  let next = from
  for (let at = 0; at + 61 <= batches.length;) {
    const end = at + 12 + batches.readInt32BE(at + 8)
    if (end > batches.length) break
    next = Number(batches.readBigInt64BE(at)) + batches.readInt32BE(at + 23) + 1
    at = end
  }
  return next
}

/** Partitions side by side, each with one transaction after the other, as the engine has it. */
async function sendAll(
  { kafka, env }: Pipeline,
  transport: 'kafkajs' | 'native',
  out: readonly EncodedRecords[],
  events: number,
): Promise<number> {
  const producers = openProducers(chooseTransport(transport), kafka, {
    groupId: GROUP,
    topic: RAW_TOPIC,
    transactionTimeoutMs: 10_000,
    config: parseConfig(KafkaConfig, env),
    clientId: 'bench',
    log: silentLog(),
  })
  const byPartition = Map.groupBy(out, ({ partition }) => partition)
  const opened = await Promise.all(
    [...byPartition].map(async ([partition, batches]) => ({
      partition,
      batches,
      producer: await producers.create(`${GROUP}-${transport}-${partition}`),
    })),
  )
  const taken = await microsOf(
    () =>
      Promise.all(
        opened.map(async ({ partition, batches, producer }) => {
          let next = 0
          for (const records of batches) {
            await producer.begin()
            await producer.send(CURATED_TOPIC, records)
            await producer.sendOffset(partition, ++next)
            await producer.commit()
          }
        }),
      ),
    events,
  )
  await Promise.all(opened.map(({ producer }) => producer.close()))
  await producers.close()
  return taken
}
