import { openFetcher, watermarksOf, type Fetcher } from '@order-up/kit'
import {
  CURATED_SUBJECT,
  CURATED_TOPIC,
  DLQ_TOPIC,
  RAW_SUBJECT,
  RAW_TOPIC,
  SINK_GROUP,
} from '@order-up/schemas'
import { currentShares } from '../engine-choice.ts'
import { withAdmin, type Reach } from '../reach.ts'
import { waitForEngines, waitForGroup, waitForSwap, type Patience } from './catch-up.ts'
import { CURATED_ENDS, type CuratedEnd } from './curated-ends.sql.ts'
import { compare, type Due, type Findings } from './compare.ts'
import { curatedLoader, deadLetterLoader, rawLoader, type Loader } from './load.ts'
import { Scratch } from './scratch.ts'
import { loadWarehouse } from './warehouse.ts'

/** Past the longest transaction timeout of an engine on Node: an open one holds readers back. */
const STALL_MS = 70_000

export interface Verdict extends Findings {
  verdict: 'PASS' | 'NOT VERIFIED'
  /** raw below these offsets had to be in the warehouse, all of it */
  until: { partition: number; offset: number }[]
}

/**
 * Recomputes the truth twice from raw and compares it with what the pipeline wrote. It may go on writing: what was in
 * raw at the start must have arrived, what came later may have, and all of it must be right. Therefore the outputs are
 * read first and raw last.
 *
 * Bounds: memory does not grow with the log (DuckDB spills beyond its 1 GB to the folder for temporary files; a raw
 * record takes about twice its size there), except for one order's events at a time.
 * @throws OrderUpError `NOT_CAUGHT_UP`
 */
export async function verify(
  reached: Reach,
  { timeoutMs, signal, onProgress: tell }: Patience,
): Promise<Verdict> {
  const { kafka, registry, querySocket } = reached
  const onProgress = (line: string) => {
    signal.throwIfAborted()
    tell(line)
  }
  const patience = { timeoutMs, signal, onProgress }
  const [rawIds, curatedIds] = await Promise.all([
    registry.subjectIds(RAW_SUBJECT),
    registry.subjectIds(CURATED_SUBJECT),
  ])
  const db = await Scratch.open({ signal })
  try {
    return await withAdmin(reached, async (admin) => {
      await using stack = new AsyncDisposableStack()
      const fetcher = await openFetcher(kafka)
      stack.defer(() => fetcher.close())
      const look = { admin, fetcher }
      const ends = await watermarksOf(admin, RAW_TOPIC)
      const until = new Map(ends.map(({ partition, high }) => [partition, high]))
      const shares = await waitForSwap(() => currentShares(kafka), patience)
      await waitForEngines(look, shares, until, patience)

      const curated = await watermarksOf(admin, CURATED_TOPIC)
      await load(fetcher, CURATED_TOPIC, await curatedLoader(db, curatedIds), patience)
      const lastCurated = await db.rows<CuratedEnd>(CURATED_ENDS)
      await waitForGroup(
        look,
        {
          who: 'the sink',
          groupId: SINK_GROUP,
          topic: CURATED_TOPIC,
          until: new Map(lastCurated.map(({ p, next }) => [p, Number(next)])),
        },
        patience,
      )
      await load(fetcher, DLQ_TOPIC, await deadLetterLoader(db), patience)
      await loadWarehouse(db, querySocket, (rows) =>
        onProgress(`reading the warehouse: ${rows} rows`),
      )
      await load(fetcher, RAW_TOPIC, await rawLoader(db, rawIds, ends.length), patience)

      const due = ends.map(({ partition, high }): Due => {
        const isWhole = curated.find((w) => w.partition === partition)?.low === 0
        const first = lastCurated.find(({ p }) => p === partition)?.first
        return {
          partition,
          until: high,
          curatedFrom: isWhole ? 0 : Number(first ?? high),
        }
      })
      const findings = await compare(db, { ids: rawIds, partitions: ends.length, due }, onProgress)
      return {
        verdict: findings.problems.length === 0 ? 'PASS' : 'NOT VERIFIED',
        until: ends.map(({ partition, high }) => ({ partition, offset: high })),
        ...findings,
      }
    })
  } finally {
    await db.close()
  }
}

/** All that a topic holds now, read_committed; each partition's records in their order. */
async function load(
  fetcher: Fetcher,
  topic: string,
  loader: Loader,
  { onProgress }: Patience,
): Promise<void> {
  let count = 0
  const [beginnings, ends] = await Promise.all([
    fetcher.beginnings(topic),
    fetcher.highWatermarks(topic),
  ])
  const loadPartition = async (to: number, partition: number) => {
    const range = { partition, from: beginnings[partition] ?? to, to }
    for await (const { records } of fetcher.read(topic, range, { stallMs: STALL_MS })) {
      for (const record of records) loader.add(record)
      count += records.length
      onProgress(`reading ${topic}: ${count} records`)
    }
  }
  await Promise.all(ends.map(loadPartition))
  loader.end()
}
