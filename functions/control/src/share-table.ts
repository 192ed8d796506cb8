import type { SharesRecord } from '@order-up/schemas'
import type { DeploymentId } from './deployments.ts'

/** Ranges of buckets by deployment, both ends included: the `shares` of an epoch. */
export type ShareTable = SharesRecord['shares']

/**
 * Who owns what in a steady state: every bucket has one owner.
 * @param percent of the orders for the second deployment, from bucket 0 on: as it grows, no bucket changes back. Default: 0
 */
export function targetShares(owner: DeploymentId, second?: DeploymentId, percent = 0): ShareTable {
  if (second === undefined || percent === 0) return { [owner]: [[0, 99]] }
  return { [owner]: [[percent, 99]], [second]: [[0, percent - 1]] }
}

type Owners = readonly (readonly string[])[]

/** The owners of each of the 100 buckets. */
export const ownersOf = (table: ShareTable): Owners =>
  Array.from({ length: 100 }, (_, bucket) =>
    Object.keys(table)
      .filter((id) => table[id]!.some(([from, to]) => from <= bucket && bucket <= to))
      .toSorted(),
  )

/** How many of the 100 buckets a deployment owns. */
export const percentOf = (table: ShareTable, id: DeploymentId): number =>
  ownersOf(table).filter((ids) => ids.includes(id)).length

/** Whether every bucket has exactly one owner. */
export const isSteady = (table: ShareTable): boolean =>
  ownersOf(table).every((ids) => ids.length === 1)

/** The deployments that own a bucket at least. */
export const ownersIn = (table: ShareTable): DeploymentId[] =>
  [...new Set(ownersOf(table).flat())].toSorted() as DeploymentId[]

/** Ranges again, the shortest way to say it; a deployment that owns nothing is left out. */
function tableOf(owners: Owners): ShareTable {
  const table: ShareTable = {}
  for (const [bucket, ids] of owners.entries())
    for (const id of ids) {
      const ranges = (table[id] ??= [])
      const last = ranges.at(-1)
      if (last?.[1] === bucket - 1) last[1] = bucket
      else ranges.push([bucket, bucket])
    }
  return table
}

/** Make before break: who had a bucket keeps it, who is to have it gets it. */
export function unionOf(a: ShareTable, b: ShareTable): ShareTable {
  const others = ownersOf(b)
  return tableOf(ownersOf(a).map((ids, bucket) => [...new Set([...ids, ...others[bucket]!])]))
}

/** Whether two tables say the same, however they spell it. */
export const sameShares = (a: ShareTable, b: ShareTable): boolean =>
  JSON.stringify(ownersOf(a)) === JSON.stringify(ownersOf(b))

/** Deployments that own buckets in `b` which they do not own in `a`. */
export function gaining(a: ShareTable, b: ShareTable): DeploymentId[] {
  const before = ownersOf(a)
  const after = ownersOf(b)
  return ownersIn(b).filter((id) =>
    after.some((owners, bucket) => owners.includes(id) && !before[bucket]!.includes(id)),
  )
}

/** The buckets whose owners differ, by index. */
export function movedBuckets(a: ShareTable, b: ShareTable): readonly boolean[] {
  const others = ownersOf(b)
  return ownersOf(a).map((ids, bucket) => ids.join() !== others[bucket]!.join())
}

/** Who owns most; of two that own the same, the one that sorts first. */
export function mainOwner(table: ShareTable): DeploymentId {
  const counts = new Map<string, number>()
  for (const id of ownersOf(table).flat()) counts.set(id, (counts.get(id) ?? 0) + 1)
  const [first] = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  if (!first) throw new Error('a share table without an owner')
  return first[0] as DeploymentId
}
