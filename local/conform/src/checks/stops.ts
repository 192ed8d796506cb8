import { randomUUID } from 'node:crypto'
import {
  currentSchema,
  encodeEvent,
  RAW_SUBJECT,
  SHARES_KEY,
  SHARES_TOPIC,
  type OrderEvent,
} from '@order-up/schemas'
import { loadVectors, recordOf } from '@order-up/schemas/vectors'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { must, type Check } from '../check.ts'
import type { RawEntry } from '../ledger.ts'
import { entryOf, tyingEvent } from '../raw-records.ts'
import { placeOf } from '../truth.ts'
import { stops } from '../vector-log.ts'

const T = Date.UTC(2026, 0, 3)
/** Longer than an engine takes to write what it has not been told to wait for. */
const A_WHILE_MS = 1_000
const NOBODYS_ID = 4_000_000

const someEvent = (bench: Bench, name: string) =>
  tyingEvent(bench.random, `${name}-${bench.random.hex(2)}`, T)

/** The event under another schema id, with one field more, which is null. */
function underId(bench: Bench, event: OrderEvent, id: number): RawEntry {
  const sound = entryOf(event, bench.target)
  const value = Buffer.concat([encodeEvent(event, id), Buffer.of(0)])
  return { ...sound, value, meaning: { is: 'rejected', reason: 'unknown_schema_id' } }
}

export const unknownId: Check = {
  name: 'unknown-id',
  about:
    'an id that is not known is dead-lettered only once the registry, asked again, does not know it; a registry that is away is waited for',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const partition = entryOf(someEvent(bench, 'x'), bench.target).partition
    const near = (): OrderEvent => {
      for (;;) {
        const event = someEvent(bench, 'unknown-id')
        if (entryOf(event, bench.target).partition === partition) return event
      }
    }
    bench.rig.gate.open = false
    try {
      const [from] = (await bench.observe()).ends.slice(partition)
      await bench.write([
        underId(bench, near(), NOBODYS_ID + bench.random.below(1_000)),
        entryOf(near(), bench.target),
      ])
      await delay(A_WHILE_MS)
      const committed = (await bench.committed())[partition]!
      must(
        committed === from,
        `raw ${partition}/${from} has an id that only the registry can judge, and it is away: expected the offset to stay ${from}, seen ${committed}`,
      )
    } finally {
      bench.rig.gate.open = true
    }
    await bench.judge()
  },
}

export const newerSchema: Check = {
  name: 'newer-schema',
  about:
    'whoever meets a schema version newer than its own stops and says so: nothing at it or after it is written, its offset is not passed, a restart meets it again; once it can go on, nothing is lost',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const schema = currentSchema(RAW_SUBJECT) as { fields: object[] }
    const note = { name: 'note', type: ['null', 'string'], default: null }
    // while the engine runs, as by a deploy
    const id = await bench.rig.registry.register(RAW_SUBJECT, {
      ...schema,
      fields: [...schema.fields, note],
    })
    const newer = underId(bench, { ...someEvent(bench, 'newer'), event_id: randomUUID() }, id)
    const { partition } = newer
    const stopping = [...stoppingVectors(id, partition), newer]
    const near: RawEntry[] = []
    while (near.length < 40) {
      const entry = entryOf(someEvent(bench, 'newer'), bench.target)
      if (entry.partition === partition) near.push(entry)
    }
    const stopAt = (await bench.observe()).ends[partition]! + 20
    await bench.write([...near.slice(0, 20), ...stopping, ...near.slice(20)])

    await bench.engines.exitsSaying('a', /NEWER_SCHEMA/)
    await nothingFrom(bench, partition, stopAt)
    await bench.engines.start('a')
    await bench.engines.exitsSaying('a', /NEWER_SCHEMA/)
    await nothingFrom(bench, partition, stopAt)

    bench.rig.gate.newestRawVersion = 1 // to this engine the id is now one that nobody has registered
    await bench.engines.start('a')
    await bench.epochTaken()
    await bench.judge()
  },
}

/** The vectors that stop an engine: one of them has a body that it could not even read. */
function stoppingVectors(id: number, partition: number): RawEntry[] {
  const steps = loadVectors()
    .filter(stops)
    .flatMap((vector) => vector.steps)
  return steps.map((step) => {
    const { key, value } = recordOf(step)
    value!.writeUInt32BE(id, 1)
    return { key, value, partition, meaning: { is: 'rejected', reason: 'unknown_schema_id' } }
  })
}

async function nothingFrom(bench: Bench, partition: number, offset: number): Promise<void> {
  const committed = (await bench.committed())[partition]!
  must(
    committed <= offset,
    `raw ${partition}/${offset} is of a newer schema: expected no committed offset past it, seen ${committed}`,
  )
  await bench.judging.outputs.advance(bench.wait)
  for (const [ofRaw, outputs] of bench.judging.outputs.seen) {
    const [p, o] = ofRaw.split('/').map(Number)
    must(
      p !== partition || o! < offset,
      `raw ${partition}/${offset} is of a newer schema: expected nothing to be written for it or later ones, seen ${outputs[0]!.topic} ${placeOf(outputs[0]!)} for raw ${ofRaw}`,
    )
  }
}

export const notAnEpoch: Check = {
  name: 'not-an-epoch',
  about:
    'a record of the shares topic that is no epoch stops the engine, and a restart meets it again: going on with the old one would be a guess',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const producer = bench.rig.kafka.producer()
    await producer.connect()
    const value = '{"epoch":"two"}'
    const messages = [{ key: SHARES_KEY, value, partition: 0 }]
    await producer.send({ topic: SHARES_TOPIC, messages }).finally(() => producer.disconnect())

    await bench.engines.exitsSaying('a', /is not an epoch/i)
    await bench.engines.start('a')
    await bench.engines.exitsSaying('a', /is not an epoch/i)
    await bench.shares.empty()
  },
}
