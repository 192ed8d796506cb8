import type { DeploymentId } from './deployments.ts'
import {
  mainOwner,
  ownersIn,
  percentOf,
  sameShares,
  targetShares,
  type ShareTable,
} from './share-table.ts'
import { hasGivenUp, type ControlRecord, type Swap } from './swap-record.ts'

/*
 * What a person may ask for as the record stands, and what that means. Pure: whoever asks has read the record, and is
 * told which command goes on from there.
 */

/** Who owns what, the larger share first: as `node-1 90 %, flink-1 10 %`. */
export const inWords = (table: ShareTable): string =>
  ownersIn(table)
    .map((id) => ({ id, percent: percentOf(table, id) }))
    .toSorted((a, b) => b.percent - a.percent || (a.id < b.id ? -1 : 1))
    .map(({ id, percent }) => `${id} ${percent} %`)
    .join(', ')

/** As commands take it: without the generation where that is the first. */
export const commandName = (id: DeploymentId): string => id.replace(/-1$/, '')

/** A swap that is in progress, with its step, since when, and why it needs no verdict; undefined = none is. */
export function whereItStands(record: ControlRecord | undefined): string | undefined {
  const swap = record?.swap
  if (!swap) return undefined
  const { from, target, step, startedAt, forced } = swap
  const reason = forced === undefined ? '' : `; forced: ${forced}`
  return `a swap from ${inWords(from)} to ${inWords(target)} stands at ${step}, since ${new Date(startedAt).toISOString()}${reason}`
}

/** The commands that go on with a swap that is in progress, and that take it back. */
export const waysOn = ({ from, target, dead = [] }: Swap): string => {
  const on =
    dead.length > 0
      ? `order-up failover --to ${commandName(mainOwner(target))}`
      : commandTo(from, target)
  return `go on with \`${on}\`, take it back with \`order-up swap --back\``
}

/** The command by which a person asks for a table, from another one. */
export function commandTo(from: ShareTable, target: ShareTable): string {
  const owner = mainOwner(target)
  const second = [...ownersIn(target), ...ownersIn(from)].find((id) => id !== owner)
  const isSplit =
    second !== undefined && (percentOf(target, second) > 0 || mainOwner(from) === owner)
  return isSplit
    ? `order-up split ${commandName(second)}=${percentOf(target, second)}`
    : `order-up swap --to ${commandName(owner)}`
}

/** What a person asks for. */
export interface Wish {
  target: ShareTable
  /** declared dead: an emergency, which no other swap stands in the way of */
  dead?: readonly DeploymentId[] | undefined
}

/** Why a swap may not be begun as the record stands, in words; empty = it may. The planner itself asks for the rest. */
export function refusals(record: ControlRecord | undefined, { target, dead = [] }: Wish): string[] {
  const swap = record?.swap
  if (!swap || dead.length > 0) return []
  if (sameShares(swap.target, target) || sameShares(swap.from, target)) return []
  return [`${whereItStands(record)}: ${waysOn(swap)}`]
}

export type WayBack =
  | {
      /**
       * take-back: the swap in progress has given nothing up. carry-on: it has, so it goes on to its end, and then back;
       * previous: none is in progress
       */
      way: 'take-back' | 'carry-on' | 'previous'
      /** what to carry a swap to: it takes every turn that is needed by itself */
      target: ShareTable
      /** what happens, for people */
      about: string
    }
  | { way: 'refused'; why: string }

/** What `swap --back` means now. @param running the deployments that run */
export function wayBack(
  record: ControlRecord | undefined,
  running: readonly DeploymentId[],
): WayBack {
  if (!record) return refused('no epoch was written yet: there is nothing to go back from')
  const { swap, previous } = record
  const target: ShareTable | undefined = swap
    ? swap.from
    : previous === null
      ? undefined
      : targetShares(previous as DeploymentId)
  if (!target)
    return refused(
      'there is no engine to go back to: it has been retired, or nothing was ever swapped. The way back is a new shadow phase: `order-up shadow start`',
    )
  const missing = ownersIn(target).filter((id) => !running.includes(id))
  if (missing.length > 0)
    return refused(
      `${missing.join(', ')} would own buckets again, but does not run: start it, or \`order-up shadow start ${commandName(missing[0]!)}\``,
    )
  const words = inWords(target)
  if (!swap) return { way: 'previous', target, about: `back to ${words}, without a verdict` }
  if (!hasGivenUp(swap))
    return { way: 'take-back', target, about: `taken back to ${words}: nothing was given up yet` }
  return {
    way: 'carry-on',
    target,
    about: `buckets were given up already: it goes on to ${inWords(swap.target)}, and then back to ${words}`,
  }
}

const refused = (why: string): WayBack => ({ way: 'refused', why })

/** Why a deployment may not be taken away, in words; empty = it may. */
export function retireProblems(record: ControlRecord | undefined, id: DeploymentId): string[] {
  if (!record) return []
  const { swap, shares } = record
  if (swap) return [`${whereItStands(record)}: ${waysOn(swap)}`]
  if (!ownersIn(shares).includes(id)) return []
  const way =
    mainOwner(shares) === id
      ? '`order-up swap --to` the other engine'
      : `\`order-up split ${commandName(id)}=0\``
  return [`${id} owns buckets (${inWords(shares)}): give them to another first, ${way}`]
}
