import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { Failed, type Check } from '../check.ts'
import { generated } from '../raw-records.ts'
import type { Expected } from '../truth.ts'
import { writeAborted } from './transactions.ts'

/** A transaction's counts come after its commit. */
const COUNTED_MS = 10_000
const STILL_MS = 500

/** By partition and outcome. */
type Counts = ReadonlyMap<string, number>

export const accounting: Check = {
  name: 'accounting',
  about:
    'for every record that a read_committed reader of raw sees: exactly one of applied, duplicate, dead-lettered; the engine exports the counts',
  async run(bench) {
    await bench.ready()
    await bench.judge()
    const before = await settledCounts(bench)
    const seed = bench.random.uint32()
    const mix = { seed, orders: 300, duplicates: 0.1, late: 0.1, malformed: 0.1 }
    await bench.write([...generated(mix, bench.target, Date.now)])
    for (let p = 0; p < bench.target.partitions; p++) await writeAborted(bench, p)
    const { expected } = await bench.judge()

    const wanted = countsIn(expected)
    let problems: string[] = []
    const areRight = async () => {
      problems = differences(wanted, before, await countsOf(bench))
      return problems.length === 0
    }
    try {
      await bench.until('the counts of /metrics to be those of raw', areRight, COUNTED_MS)
    } catch (error) {
      throw problems.length > 0 ? new Failed(...problems) : error
    }
  },
}

function differences(wanted: Counts, before: Counts, now: Counts): string[] {
  const names = new Set([...wanted.keys(), ...now.keys()])
  return [...names].flatMap((name) => {
    const expected = wanted.get(name) ?? 0
    const seen = (now.get(name) ?? 0) - (before.get(name) ?? 0)
    if (seen === expected) return []
    return `orderup_engine_records_total, ${name}: expected ${expected} more, seen ${seen}`
  })
}

const OUTCOMES = { row: 'applied', duplicate: 'duplicate', 'dead letter': 'dead_letter' } as const

function countsIn(expected: readonly Expected[]): Counts {
  const counts = new Map<string, number>()
  for (const { record, answer } of expected) {
    const name = `partition ${record.partition} ${OUTCOMES[answer.is]}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** Once they stand still. */
async function settledCounts(bench: Bench): Promise<Counts> {
  for (let counts = await countsOf(bench); ;) {
    await delay(STILL_MS)
    const later = await countsOf(bench)
    if ([...later].every(([name, count]) => counts.get(name) === count)) return later
    counts = later
  }
}

/** What the engine has counted, over its processes, by partition and outcome. */
async function countsOf(bench: Bench): Promise<Counts> {
  const counts = new Map<string, number>()
  for (const { httpPort } of bench.engines.running.values()) {
    // a connection kept from the last time may just be closing
    const url = `http://127.0.0.1:${httpPort}/metrics`
    const text = await (await fetch(url, { headers: { connection: 'close' } })).text()
    for (const line of text.split('\n')) {
      const [, labels, value] = /^orderup_engine_records_total\{([^}]*)\} (\S+)/.exec(line) ?? []
      if (labels === undefined) continue
      const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1]
      const name = `partition ${label('partition')} ${label('outcome')}`
      counts.set(name, (counts.get(name) ?? 0) + Number(value))
    }
  }
  return counts
}
