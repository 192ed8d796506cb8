import { setTimeout as delay } from 'node:timers/promises'
import { OrderUpError, groupOffsets, readRange, readTopic } from '@order-up/kit'
import { RAW_TOPIC, SHARES_TOPIC, engineGroup, parseShares } from '@order-up/schemas'
import type { Admin, Kafka } from 'kafkajs'

const POLL_MS = 200
/** A group that stands still for so long may be at the end: what is left may be transaction markers only. */
const STILL_MS = 2_000

/** A consumer group and where it has to get to, exclusive. */
interface Goal {
  who: string
  groupId: string
  topic: string
  until: ReadonlyMap<number, number>
}

export interface Patience {
  timeoutMs: number
  signal: AbortSignal
  onProgress: (line: string) => void
}

/** The deployments that own any bucket now: what they have committed, curated holds. */
async function owners(kafka: Kafka): Promise<string[]> {
  let newest: Buffer | null = null
  await readTopic(kafka, SHARES_TOPIC, (records) => {
    newest = records.at(-1)?.value ?? newest
  })
  if (newest === null)
    throw new OrderUpError('NO_SHARES', `${SHARES_TOPIC} is empty: no engine may work yet`, {
      remedy: 'deploy first (`npm run order-up -- up` does so locally)',
    })
  const { shares } = parseShares(newest)
  return Object.keys(shares).filter((deployment) => (shares[deployment] ?? []).length > 0)
}

/** Waits until every engine that owns buckets has committed raw up to `until`. */
export async function waitForEngines(
  kafka: Kafka,
  admin: Admin,
  until: ReadonlyMap<number, number>,
  patience: Patience,
): Promise<void> {
  for (const deployment of await owners(kafka))
    await waitForGroup(
      kafka,
      admin,
      { who: `engine ${deployment}`, groupId: engineGroup(deployment), topic: RAW_TOPIC, until },
      patience,
    )
}

/** @throws OrderUpError `NOT_CAUGHT_UP` saying who is how far behind */
export async function waitForGroup(
  kafka: Kafka,
  admin: Admin,
  { who, groupId, topic, until }: Goal,
  { timeoutMs, signal, onProgress }: Patience,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  const reached = new Set<number>()
  let before = ''
  let movedAt = performance.now()
  for (;;) {
    const offsets = await groupOffsets(admin, groupId, topic)
    const next = new Map(
      offsets.map(({ partition, low, committed = 0 }) => [partition, Math.max(committed, low)]),
    )
    for (const [partition, end] of until)
      if ((next.get(partition) ?? 0) >= end) reached.add(partition)
    const missing = [...until].filter(([partition]) => !reached.has(partition))
    if (missing.length === 0) return

    const now = performance.now()
    const position = JSON.stringify([...next])
    if (position !== before) movedAt = now
    before = position
    const isStill = now - movedAt >= STILL_MS
    if (isStill) {
      for (const [partition, to] of missing) {
        const from = next.get(partition) ?? 0
        if (!(await holdsRecords(kafka, topic, { partition, from, to }))) reached.add(partition)
      }
      movedAt = performance.now()
    }
    const behind = missing.reduce((sum, [p, end]) => sum + end - (next.get(p) ?? 0), 0)
    const line = `${who} is ${behind} offsets of ${topic} behind${isStill ? ' and does not move' : ''}`
    onProgress(`waiting: ${line}`)
    if (now >= deadline)
      throw new OrderUpError(
        'NOT_CAUGHT_UP',
        `Not verified after ${timeoutMs / 1_000} s: ${line}`,
        {
          remedy: 'see whether it works: `npm run order-up -- status`; wait longer with --timeout',
        },
      )
    await delay(POLL_MS, undefined, { signal })
  }
}

async function holdsRecords(
  kafka: Kafka,
  topic: string,
  range: { partition: number; from: number; to: number },
): Promise<boolean> {
  let found = false
  await readRange(kafka, topic, range, (records) => {
    found ||= records.length > 0
  })
  return found
}
