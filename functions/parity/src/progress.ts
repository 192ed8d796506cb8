import { groupOffsets, nextRecord, type Fetcher } from '@order-up/kit'
import { engineGroup, RAW_TOPIC } from '@order-up/schemas'
import type { Admin } from 'kafkajs'
import type { Pair } from './lane.ts'
import type { Progress } from './comparison.ts'

interface Stand {
  /** what the group has committed; undefined = nothing */
  committed: number | undefined
  /** nothing that a reader is shown lies between that and this */
  next: number
  /** and here there is a record */
  isRecord: boolean
  /** when it was first seen to stand here, or last to have nothing left to do, epoch milliseconds */
  since: number
}

/** Follows how far two deployments are. */
export class ProgressWatch {
  readonly #admin: Admin
  readonly #fetcher: Fetcher
  readonly #names: readonly [string, string]
  readonly #stands: Pair<Map<number, Stand>> = [new Map(), new Map()]

  constructor(admin: Admin, fetcher: Fetcher, names: readonly [string, string]) {
    this.#admin = admin
    this.#fetcher = fetcher
    this.#names = names
  }

  /** Looks once. */
  async look(): Promise<Progress> {
    const [a, b] = await Promise.all([this.#side(0), this.#side(1)])
    const at = Date.now()
    return { lags: [a.lag, b.lag], committed: [a.committed, b.committed], at }
  }

  async #side(side: 0 | 1) {
    const offsets = await groupOffsets(this.#admin, engineGroup(this.#names[side]), RAW_TOPIC)
    const now = Date.now()
    const committed: (number | undefined)[] = []
    let records = 0
    let idleMs = 0
    for (const { partition, low, high, committed: group } of offsets) {
      const own = group === undefined || group < 0 ? undefined : Math.max(low, group)
      const stand = await this.#standAt(side, partition, own, low, high)
      const isDone = stand.next >= high
      if (isDone) stand.since = now
      else idleMs = Math.max(idleMs, now - stand.since)
      records += Math.max(0, high - stand.next)
      committed[partition] = own === undefined && !isDone ? undefined : stand.next
    }
    return { lag: { records, idleMs }, committed }
  }

  /** Where it stands still, it is looked whether records follow, or only what no reader is shown, as markers. */
  async #standAt(
    side: 0 | 1,
    partition: number,
    committed: number | undefined,
    low: number,
    high: number,
  ): Promise<Stand> {
    const stands = this.#stands[side]
    const stand = stands.get(partition)
    if (!stand || stand.committed !== committed) {
      const moved = { committed, next: committed ?? low, isRecord: false, since: Date.now() }
      stands.set(partition, moved)
      return moved
    }
    if (!stand.isRecord && stand.next < high) {
      const range = { partition, from: stand.next, to: high }
      stand.next = await nextRecord(this.#fetcher, RAW_TOPIC, range)
      stand.isRecord = stand.next < high
    }
    return stand
  }
}
