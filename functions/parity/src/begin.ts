import type { Fetcher } from '@order-up/kit'
import { RAW_TOPIC } from '@order-up/schemas'
import { countsFrom, type Pair } from './lane.ts'
import type { LaneCounts } from './resume.ts'
import type { Position } from './side-cursor.ts'
import type { Kind, Report } from './report.ts'

/** brokers' clocks may differ by this much, milliseconds */
const CLOCKS_MS = 60_000

/** The topics that one side writes a kind of record to. */
export type Topics = Readonly<Record<Kind, readonly string[]>>

/** by topic, by partition */
type OfTopics = ReadonlyMap<string, readonly Position[]>
/** of each side's reader */
export type Positions = Pair<OfTopics>

/** Where a comparison begins. */
export interface Begin {
  lanes: Record<Kind, LaneCounts[]>
  positions: Positions
  raw: number[]
}

const both = ([a, b]: Pair<Topics>): Topics => ({
  row: [...new Set([...a.row, ...b.row])],
  'dead letter': [...new Set([...a['dead letter'], ...b['dead letter']])],
})

const at = (offset: number): Position => ({ from: offset, seen: offset })

/**
 * From the oldest raw record of which both sides' records are sure to be held still. What was deleted of a topic was
 * appended before what it holds, and is of raw records that were appended before that: whatever the order in which an
 * engine writes, all about raw records from then on is held.
 */
export async function fromOldest(fetcher: Fetcher, sides: Pair<Topics>): Promise<Begin> {
  const topics = both(sides)
  const rawBegins = await fetcher.beginnings(RAW_TOPIC)
  const lanes = {
    row: await oldestOf(fetcher, topics.row, rawBegins),
    'dead letter': await oldestOf(fetcher, topics['dead letter'], rawBegins),
  }
  const positions = new Map<string, Position[]>()
  for (const kind of ['row', 'dead letter'] as const)
    for (const topic of topics[kind])
      positions.set(topic, await positionsFor(fetcher, topic, lanes[kind], rawBegins))
  return {
    lanes: {
      row: lanes.row.map(countsFrom),
      'dead letter': lanes['dead letter'].map(countsFrom),
    },
    positions: [positions, positions],
    raw: rawBegins,
  }
}

async function oldestOf(
  fetcher: Fetcher,
  topics: readonly string[],
  rawBegins: readonly number[],
): Promise<number[]> {
  const oldest = [...rawBegins]
  for (const topic of topics)
    for (const [partition, begin] of (await fetcher.beginnings(topic)).entries()) {
      if (begin === 0) continue // nothing was ever deleted
      const held = await fetcher.appendTimeOf(topic, partition, begin)
      const time = held === undefined ? Date.now() : held + CLOCKS_MS
      const first = await fetcher.offsetAt(RAW_TOPIC, partition, time)
      const from = first ?? (await fetcher.lastStableOffsets(RAW_TOPIC))[partition]!
      oldest[partition] = Math.max(oldest[partition]!, from)
    }
  return oldest
}

/** Where to begin to read a topic: what is about a raw record was appended after it. */
function positionsFor(
  fetcher: Fetcher,
  topic: string,
  from: readonly number[],
  rawBegins: readonly number[],
): Promise<Position[]> {
  const begins = fetcher.beginnings(topic)
  return Promise.all(
    from.map(async (offset, partition) => {
      const begin = (await begins)[partition]!
      if (offset === rawBegins[partition]) return at(begin)
      const appended = await fetcher.appendTimeOf(RAW_TOPIC, partition, offset)
      if (appended === undefined) return at(begin)
      const first = await fetcher.offsetAt(topic, partition, appended - CLOCKS_MS)
      return at(first ?? begin)
    }),
  )
}

/**
 * From the raw records that come from now on: what was written before was written by other artefacts. Outputs' ends are
 * looked at first: whatever is about a raw record behind the ends of raw is written behind them.
 */
export async function fromNow(fetcher: Fetcher, sides: Pair<Topics>): Promise<Begin> {
  const topics = both(sides)
  const positions = new Map<string, Position[]>()
  for (const topic of Object.values(topics).flat())
    positions.set(topic, (await fetcher.lastStableOffsets(topic)).map(at))
  const ends = await fetcher.lastStableOffsets(RAW_TOPIC)
  return {
    lanes: { row: ends.map(countsFrom), 'dead letter': ends.map(countsFrom) },
    positions: [positions, positions],
    raw: await fetcher.beginnings(RAW_TOPIC),
  }
}

/** Where a comparer before this one stopped. */
export function fromReport({ sides, resume }: Report): Begin {
  const positions = (side: 0 | 1) =>
    new Map(Object.entries(resume.positions[sides[side].deployment] ?? {}))
  return {
    lanes: { row: resume.rows, 'dead letter': resume.deadLetters },
    positions: [positions(0), positions(1)],
    raw: resume.raw,
  }
}
