import type { DeploymentId } from './deployments.ts'
import type { SwapEvent } from './lambda-events.ts'
import {
  gaining,
  mainOwner,
  ownersIn,
  percentOf,
  sameShares,
  type ShareTable,
} from './share-table.ts'
import { hasGivenUp, type ControlRecord, type Swap } from './swap-record.ts'
import { commandTo, inWords, refusals } from './swap-wishes.ts'
import { asksForVerdict, problemsOf } from './swap.ts'

/** What a swap would do, for people: each line is a sentence without its stop. */
export interface SwapPlan {
  /** who owns what now, as `node-1 100 %`; 'nobody' = no epoch was written yet */
  from: string
  /** who is to own what */
  to: string
  /** empty = nothing changes */
  changes: string[]
  stays: string[]
  /** in the order in which it is awaited */
  waitsFor: string[]
  /** whether and how it can be undone, and until when; empty = there is nothing to undo */
  undo: string
  /** in their order: what is done in each, until when it lasts, and the way back from there */
  steps: { name: string; about: string }[]
  /** why it would be refused; empty = it would not be */
  refused: string[]
}

/** What is wanted of a swap, as far as a plan depends on it. */
export type PlannedSwap = Pick<SwapEvent, 'target' | 'running' | 'lagBound' | 'forced' | 'dead'>

/**
 * What a swap would do, without doing it.
 * @param current the newest epoch
 * @param verdictProblems what speaks against the verdict, where a cutover asks for one
 */
export function planSwap(
  current: ControlRecord | undefined,
  wanted: PlannedSwap,
  verdictProblems: readonly string[] = [],
): SwapPlan {
  const { target, forced } = wanted
  const legs = legsTo(current, wanted)
  return {
    from: current ? inWords(current.shares) : 'nobody',
    to: inWords(target),
    changes: changesOf(current, wanted),
    stays: [
      'producer, topics, schemas, sink and warehouse: no setting of theirs changes, and none is restarted',
      'every engine that runs: none is restarted, and each goes on folding every event',
    ],
    waitsFor: legs.flatMap(({ waits }) => waits),
    undo: undoOf(current, wanted),
    steps: legs.flatMap(({ steps }) => steps),
    refused: [
      ...problemsOf({ target, running: wanted.running, dead: wanted.dead ?? [] }),
      ...refusals(current, wanted),
      ...(asksForVerdict(current, { target, forced }) ? verdictProblems : []),
    ],
  }
}

/** A way from one steady table to another, or what is left of one. */
interface Leg {
  waits: string[]
  steps: SwapPlan['steps']
}

function legsTo(current: ControlRecord | undefined, wanted: PlannedSwap): Leg[] {
  const { target } = wanted
  if (!current)
    return [{ waits: [], steps: [{ name: 'begin', about: `epoch 1: ${inWords(target)}` }] }]
  const { swap, shares, epoch } = current
  const whole = (from: ShareTable, after: number) =>
    sameShares(from, target) ? [] : [legOf({ from, target, epoch: after, wanted })]
  if (!swap) return whole(shares, epoch)
  const rest = { from: swap.from, target: swap.target, epoch, wanted, swap }
  if (sameShares(swap.target, target)) return [legOf(rest)]
  if (hasGivenUp(swap)) return [legOf(rest), ...whole(swap.target, epoch)]
  const about = `epoch ${epoch + 1}: ${inWords(swap.from)} again; nobody has given up a bucket yet`
  return [{ waits: [], steps: [{ name: 'take back', about }] }, ...whole(swap.from, epoch + 1)]
}

const STEPS = ['overlap', 'gate', 'release', 'settle'] as const

function legOf({
  from,
  target,
  epoch,
  wanted: { lagBound, running, dead = [] },
  swap,
}: {
  from: ShareTable
  target: ShareTable
  epoch: number
  wanted: PlannedSwap
  /** where it is in progress */
  swap?: Swap
}): Leg {
  const incoming = gaining(from, target)
  const outgoing = gaining(target, from)
  const isDead = (id: DeploymentId) =>
    dead.includes(id) || (swap?.dead?.includes(id) === true && !running.includes(id))
  const living = outgoing.filter((id) => !isDead(id))
  const gone = outgoing.filter(isDead)
  const isOpen = swap === undefined || swap.step === 'overlap'
  const additive = swap && !isOpen ? epoch : epoch + (swap ? 0 : 1)
  const subtractive = swap && hasGivenUp(swap) ? epoch : additive + 1

  const [ins, outs, all] = [incoming, outgoing, [...living, ...incoming]].map(list)
  const behind = `${ins} to be at most ${lagBound.toLocaleString('en')} records behind`
  const gained = `${ins} to report epoch ${additive}`
  const committed = `${all} to commit what raw holds by then`
  const given = `${all} to report epoch ${subtractive}`
  const settled = `${ins} to commit what raw holds by then`
  const fenced = gone.length > 0 ? `open transactions of ${list(gone)} are aborted, and ` : ''
  const abouts = {
    overlap: `epoch ${additive}: ${fenced}${ins} gets its buckets as well; until it reports that`,
    gate:
      living.length > 0
        ? `both write, rows twice that are equal; until ${list(living)} and ${ins} have committed what raw held`
        : `nobody else writes any more, so that nothing is awaited`,
    release: `epoch ${subtractive}: ${outs} gives its buckets up; until ${all} ${living.length > 0 ? 'report' : 'reports'} that`,
    settle: `what curated lacks is filled in from the shadow topics of ${ins}, marked order-up-filled`,
  }
  const waits = {
    overlap: [gained],
    gate: living.length > 0 ? [committed, behind] : [],
    release: [given],
    settle: [settled],
  }
  const left = STEPS.slice(swap ? STEPS.indexOf(swap.step) : 0)
  return {
    waits: [
      ...(swap || living.length === 0 ? [] : [behind]),
      ...left.flatMap((step) => waits[step]),
    ],
    steps: left.map((name) => ({ name, about: abouts[name] })),
  }
}

function changesOf(current: ControlRecord | undefined, { target, running }: PlannedSwap): string[] {
  const before = current?.shares ?? {}
  const moves = [...new Set([...ownersIn(before), ...ownersIn(target)])]
    .map((id) => ({ id, was: percentOf(before, id), is: percentOf(target, id) }))
    .filter(({ was, is }) => was !== is)
    .map(({ id, was, is }) => `${id}: ${was} % → ${is} % of the orders`)
  const previous = current?.previous ?? null
  const ends = previous !== null && !running.some((id) => id === previous)
  return [
    ...moves,
    ...(ends ? [`\`order-up swap --back\` to ${previous} is no longer possible`] : []),
  ]
}

function undoOf(
  current: ControlRecord | undefined,
  { target, running, dead = [] }: PlannedSwap,
): string {
  if (!current) return ''
  const from = comesFrom(current, target)
  if (sameShares(from, target)) return ''
  const away = ownersIn(from).filter((id) => !running.includes(id) || dead.includes(id))
  if (away.length > 0)
    return `not at once: ${list(away)} ${away.length > 1 ? 'do' : 'does'} not run; the way back is a new shadow phase`
  const back =
    mainOwner(from) === mainOwner(target)
      ? `by \`${commandTo(target, from)}\``
      : `by \`order-up swap --back\`, without a verdict, while ${mainOwner(from)} goes on running`
  const isGiven = current.swap !== null && hasGivenUp(current.swap)
  return isGiven
    ? `once it is done ${back}`
    : `before \`release\` at once, by \`order-up swap --back\`; then ${back}`
}

/** The steady table that the way to the target begins at. */
function comesFrom({ shares, swap }: ControlRecord, target: ShareTable): ShareTable {
  if (!swap) return shares
  return hasGivenUp(swap) && !sameShares(swap.target, target) ? swap.target : swap.from
}

const list = (ids: readonly string[]): string => ids.join(' and ')
