import { setTimeout as delay } from 'node:timers/promises'
import { hasGivenUp, ownersIn, waysOn, whereItStands, type ControlRecord } from '@order-up/control'
import { OrderUpError, groupOffsets, nextRecord, type Fetcher } from '@order-up/kit'
import { RAW_TOPIC, engineGroup, type SharesRecord } from '@order-up/schemas'
import type { Admin } from 'kafkajs'

const POLL_MS = 200
/** A group that stands still for so long is said to. */
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

/** What a group is looked at with. */
export interface Look {
  admin: Admin
  fetcher: Fetcher
}

/**
 * Waits while a swap is under way that has taken buckets from somebody, dead or alive: what curated lacks of their rows
 * is filled in at its end.
 * @param read the newest epoch
 * @returns the epoch that was found then
 * @throws OrderUpError `NOT_CAUGHT_UP` saying where the swap stands
 */
export async function waitForSwap(
  read: () => Promise<ControlRecord>,
  { timeoutMs, signal, onProgress }: Patience,
): Promise<ControlRecord> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const record = await read()
    const { swap } = record
    if (!swap || !(hasGivenUp(swap) || swap.dead)) return record
    const stands = whereItStands(record)
    onProgress(`waiting: ${stands}`)
    if (performance.now() >= deadline)
      throw new OrderUpError(
        'NOT_CAUGHT_UP',
        `Not verified after ${timeoutMs / 1_000} s: ${stands}`,
        {
          remedy: `${waysOn(swap)}; wait longer with --timeout`,
        },
      )
    await delay(POLL_MS, undefined, { signal })
  }
}

/** Waits until every engine that owns buckets has committed raw up to `until`: what it has committed, curated holds. */
export async function waitForEngines(
  look: Look,
  { shares }: Pick<SharesRecord, 'shares'>,
  until: ReadonlyMap<number, number>,
  patience: Patience,
): Promise<void> {
  for (const deployment of ownersIn(shares))
    await waitForGroup(
      look,
      { who: `engine ${deployment}`, groupId: engineGroup(deployment), topic: RAW_TOPIC, until },
      patience,
    )
}

/** @throws OrderUpError `NOT_CAUGHT_UP` saying who is how far behind */
export async function waitForGroup(
  { admin, fetcher }: Look,
  { who, groupId, topic, until }: Goal,
  { timeoutMs, signal, onProgress }: Patience,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  const reached = new Set<number>()
  let before = new Map<number, number>()
  let movedAt = performance.now()
  for (;;) {
    const offsets = await groupOffsets(admin, groupId, topic)
    const next = new Map(
      offsets.map(({ partition, low, committed = 0 }) => [partition, Math.max(committed, low)]),
    )
    const isAt = (partition: number) => next.get(partition) ?? 0
    for (const [partition, end] of until) if (isAt(partition) >= end) reached.add(partition)
    const stands = (partition: number) => before.get(partition) === isAt(partition)
    const standing = [...until.keys()].filter((p) => !reached.has(p) && stands(p))
    if (standing.length > 0) {
      // an engine commits the offset after its last record: markers and aborted records may follow
      const stable = await fetcher.lastStableOffsets(topic)
      for (const partition of standing) {
        const end = until.get(partition)!
        const range = {
          partition,
          from: isAt(partition),
          to: Math.min(end, stable[partition] ?? 0),
        }
        if ((await nextRecord(fetcher, topic, range)) >= end) reached.add(partition)
      }
    }
    const missing = [...until].filter(([partition]) => !reached.has(partition))
    if (missing.length === 0) return

    const now = performance.now()
    if (![...until.keys()].every(stands)) movedAt = now
    before = next
    const isStill = now - movedAt >= STILL_MS
    const behind = missing.reduce((sum, [p, end]) => sum + end - isAt(p), 0)
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
