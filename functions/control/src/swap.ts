import { engineOf, type DeploymentId } from './deployments.ts'
import { below, isGone, lagging, passedBy, unreported, type Observation } from './observation.ts'
import {
  gaining,
  isSteady,
  mainOwner,
  ownersIn,
  sameShares,
  unionOf,
  type ShareTable,
} from './share-table.ts'
import { hasGivenUp, type ControlRecord, type Swap } from './swap-record.ts'

export interface SwapRequest {
  /** a steady table: one owner for each bucket */
  target: ShareTable
  /** the deployments that run once this is done */
  running: readonly DeploymentId[]
  /** raw records that an incoming deployment may be behind, over all partitions */
  lagBound: number
  /** why a cutover needs no verdict, and a deployment of which no instance is seen is not waited for */
  forced: string | undefined
  /** declared dead: not waited for, even where one seems to live */
  dead: readonly DeploymentId[]
  /** what speaks against the verdict on the cutover; empty = it is a PASS that still holds */
  verdictProblems: readonly string[]
  /** what is not proven to run as deployed, in words; empty = all of `running` is */
  unproven: readonly string[]
}

/**
 * `fence`: deployments that are left behind. Their open transactions are to be aborted first: they hold back whoever reads
 * curated, the fill among them, and nobody else would end them before they time out. What they have committed stays.
 */
export type Step =
  | { do: 'done'; fence: readonly DeploymentId[] }
  /** nothing to do but to look again; each line names what is awaited, with the figures */
  | { do: 'wait'; for: readonly string[] }
  | { do: 'refuse'; why: readonly string[] }
  /** to be written by the one transactional id, after the fencing */
  | { do: 'write'; fence: readonly DeploymentId[]; record: ControlRecord; why: string }
  /**
   * after the fencing, to fill in what curated lacks of the moved buckets' rows from `sampled` to below `until`, then to
   * write `record`
   */
  | {
      do: 'settle'
      fence: readonly DeploymentId[]
      swap: Swap & { step: 'settle' }
      record: ControlRecord
    }

/**
 * The next step from where the running system is to where it is wanted; see the contract, "Shares, and the swap". Pure:
 * it is asked again after each step, by whoever carries the swap, and asks nothing that the topics do not hold.
 *
 * Both samples are the end of raw once every instance of the incoming has reported an epoch: whatever an engine had
 * read before it took the epoch up lies below. (The contract's committed offset "after one more commit" is too low for
 * an engine whose commits trail what it has processed, as Flink's checkpoints do.) The second sample is for an instance
 * that joined unseen while the first was taken, and wrote to its shadow topic until it had followed the shares topic.
 */
export function nextStep(seen: Observation, request: SwapRequest): Step {
  const { current } = seen
  const { target, running, unproven } = request
  const wrong = problemsOf(request)
  if (wrong.length > 0) return { do: 'refuse', why: wrong }
  // without proof: an engine that waits for its first epoch may count as unhealthy
  if (!current) return write(first(target), 'the first epoch')
  if (current.swap) return carryOn(seen, current, current.swap, request)
  if (unproven.length > 0) return { do: 'wait', for: unproven }
  if (!sameShares(current.shares, target)) return begin(seen, current, request)
  const { previous } = current
  if (previous !== null && !running.includes(previous as DeploymentId))
    return write({ ...current, previous: null }, `${previous} is retired`)
  return { do: 'done', fence: request.dead }
}

/** How long a swap waits for Flink that is to be left behind by force: a job that lives follows within seconds. */
const FLINK_PATIENCE_MS = 5 * 60_000

/** Whether the way from the newest epoch to the target begins with a cutover that a verdict has to allow. */
export function asksForVerdict(
  current: ControlRecord | undefined,
  { target, forced }: Pick<SwapRequest, 'target' | 'forced'>,
): boolean {
  return (
    current !== undefined && !current.swap && isCutover(current, target) && forced === undefined
  )
}

function isCutover({ shares, previous }: ControlRecord, target: ShareTable): boolean {
  const owner = mainOwner(target)
  return owner !== mainOwner(shares) && owner !== previous
}

/** What is wrong with a request, whatever the record says; in words, empty = nothing. */
export function problemsOf({
  target,
  running,
  dead,
}: Pick<SwapRequest, 'target' | 'running' | 'dead'>): string[] {
  if (!isSteady(target)) return ['the target does not give every bucket exactly one owner']
  const owners = ownersIn(target)
  return [
    ...owners
      .filter((id) => !running.includes(id) && !dead.includes(id))
      .map((id) => `${id} is to own buckets, but is not among the deployments that are to run`),
    ...dead
      .filter((id) => owners.includes(id))
      .map((id) => `${id} is to own buckets, but is declared dead`),
    ...dead
      .filter((id) => running.includes(id))
      .map((id) => `${id} is to run, but is declared dead`),
  ]
}

const write = (
  record: ControlRecord,
  why: string,
  fence: readonly DeploymentId[] = [],
): Step & { do: 'write' } => ({ do: 'write', fence, record, why })

const first = (shares: ShareTable): ControlRecord => ({
  epoch: 1,
  shares,
  swap: null,
  previous: null,
})

function begin(seen: Observation, current: ControlRecord, request: SwapRequest): Step {
  const { target, forced, verdictProblems, dead } = request
  const from = current.shares
  if (asksForVerdict(current, request) && verdictProblems.length > 0)
    return { do: 'refuse', why: verdictProblems }
  const incoming = gaining(from, target)
  const behind = areAll(dead, gaining(target, from))
    ? []
    : incoming.flatMap((id) => lagging(seen, id, request.lagBound))
  if (behind.length > 0) return { do: 'wait', for: behind }
  return write(
    {
      ...current,
      epoch: current.epoch + 1,
      shares: unionOf(from, target),
      swap: {
        step: 'overlap',
        from,
        target,
        startedAt: seen.now,
        ...(forced !== undefined && isCutover(current, target) && { forced }),
        ...(dead.length > 0 && { dead: [...dead] }),
      },
    },
    `${incoming.join(', ')} gets its buckets as well`,
    dead,
  )
}

/** Whether nobody is left who writes these deployments' buckets: then waiting gains nothing, and costs freshness. */
const areAll = (dead: readonly DeploymentId[], outgoing: readonly DeploymentId[]) =>
  outgoing.every((id) => dead.includes(id))

function carryOn(
  seen: Observation,
  current: ControlRecord,
  swap: Swap,
  request: SwapRequest,
): Step {
  if (!hasGivenUp(swap) && !sameShares(swap.target, request.target))
    return write(
      { ...current, epoch: current.epoch + 1, shares: swap.from, swap: null },
      'the swap is taken back: nobody has given up a bucket yet',
      request.dead,
    )
  const { lagBound, unproven, forced, running } = request
  const incoming = gaining(swap.from, swap.target)
  const outgoing = gaining(swap.target, swap.from)
  const dead = deadIn(swap, request)
  const noted = dead.length > 0 ? { dead } : {}
  /** A dead Flink job's reports outlive it: by force, what is not to run any more is not waited for for ever. */
  const isGivenUp = (id: DeploymentId) =>
    forced !== undefined &&
    engineOf(id) === 'flink' &&
    !running.includes(id) &&
    seen.now - swap.startedAt > FLINK_PATIENCE_MS
  const isAway = (id: DeploymentId) => isGone(seen, id) || isGivenUp(id)
  const isLeft = (id: DeploymentId) => dead.includes(id) || (forced !== undefined && isAway(id))
  const awaited = (ids: readonly DeploymentId[]) => ids.filter((id) => !isLeft(id))
  const left = [...new Set([...dead, ...[...outgoing, ...incoming].filter(isLeft)])]

  switch (swap.step) {
    case 'overlap':
      return unless(
        [...unproven, ...incoming.flatMap((id) => unreported(seen, id, current.epoch))],
        write(
          { ...current, swap: { ...swap, ...noted, step: 'gate', sampled: [...seen.ends] } },
          `${incoming.join(', ')} writes its buckets`,
          dead,
        ),
      )
    case 'gate':
      return unless(
        [
          ...unproven,
          ...awaited(outgoing).flatMap((id) => below(seen, id, swap.sampled)),
          ...(areAll(dead, outgoing) ? [] : incoming).flatMap((id) => [
            ...below(seen, id, swap.sampled),
            ...lagging(seen, id, lagBound),
          ]),
        ],
        write(
          {
            ...current,
            epoch: current.epoch + 1,
            shares: swap.target,
            swap: {
              ...swap,
              ...noted,
              step: 'release',
              sampled: passedBy(seen, outgoing, swap.sampled),
            },
          },
          `${outgoing.join(', ')} gives its buckets up`,
          left,
        ),
      )
    case 'release':
      return unless(
        [
          ...awaited(incoming).flatMap((id) => unreported(seen, id, current.epoch)),
          // what starts only now reads the epoch first
          ...awaited(outgoing)
            .filter((id) => !isAway(id))
            .flatMap((id) => unreported(seen, id, current.epoch)),
        ],
        write(
          { ...current, swap: { ...swap, ...noted, step: 'settle', until: [...seen.ends] } },
          `${outgoing.join(', ')} has given its buckets up`,
          dead,
        ),
      )
    case 'settle': {
      const before = mainOwner(swap.from)
      const previous = before === mainOwner(swap.target) ? current.previous : before
      const record = {
        ...current,
        swap: null,
        previous: dead.some((id) => id === previous) ? null : previous,
      }
      return unless(
        awaited(incoming).flatMap((id) => below(seen, id, swap.until)),
        { do: 'settle', fence: left, swap, record },
      )
    }
  }
}

/** Declared dead, now or by whoever carried it before, unless it is to run again. */
const deadIn = (swap: Swap, { dead, running }: SwapRequest): DeploymentId[] =>
  [...new Set([...dead, ...((swap.dead ?? []) as DeploymentId[])])].filter(
    (id) => !running.includes(id),
  )

const unless = (awaited: readonly string[], step: Step): Step =>
  awaited.length > 0 ? { do: 'wait', for: awaited } : step
