import { engineOf, type DeploymentId } from './deployments.ts'
import {
  gaining,
  isSteady,
  mainOwner,
  ownersIn,
  sameShares,
  unionOf,
  type ShareTable,
} from './share-table.ts'
import type { ControlRecord, Swap } from './swap-record.ts'

/** What one deployment is seen to do. */
export interface DeploymentState {
  /**
   * its live instances, with the newest epoch that each has reported; empty = none runs, or none has reported. Of Flink,
   * all that have reported, live or not.
   */
  instances: readonly { instance: string; epoch: number | undefined }[]
  /** by raw partition: the next offset to read, moved on over what holds no data record; never committed = the first */
  committed: readonly number[]
}

/** What is seen of the running system, in one look. */
export interface Observation {
  /** the newest epoch; undefined = the topic is empty */
  current: ControlRecord | undefined
  /** by raw partition: the end of what a read_committed reader can see, taken after the reports were read */
  ends: readonly number[]
  deployments: Readonly<Partial<Record<DeploymentId, DeploymentState>>>
  /** epoch milliseconds */
  now: number
}

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

export type Step =
  | { do: 'done' }
  /** nothing to do but to look again; each line names what is awaited, with the figures */
  | { do: 'wait'; for: readonly string[] }
  | { do: 'refuse'; why: readonly string[] }
  /** to be written by the one transactional id */
  | { do: 'write'; record: ControlRecord; why: string }
  /** to fill in what curated lacks of the moved buckets' rows from `sampled` to below `until`, then write `record` */
  | { do: 'settle'; swap: Swap & { step: 'settle' }; record: ControlRecord }

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
  return { do: 'done' }
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

function problemsOf({ target, running }: SwapRequest): string[] {
  if (!isSteady(target)) return ['the target does not give every bucket exactly one owner']
  return ownersIn(target)
    .filter((id) => !running.includes(id))
    .map((id) => `${id} is to own buckets, but is not among the deployments that are to run`)
}

const write = (record: ControlRecord, why: string): Step => ({ do: 'write', record, why })

const first = (shares: ShareTable): ControlRecord => ({
  epoch: 1,
  shares,
  swap: null,
  previous: null,
})

function begin(seen: Observation, current: ControlRecord, request: SwapRequest): Step {
  const { target, forced, verdictProblems } = request
  const from = current.shares
  if (asksForVerdict(current, request) && verdictProblems.length > 0)
    return { do: 'refuse', why: verdictProblems }
  const incoming = gaining(from, target)
  const behind = incoming.flatMap((id) => lagging(seen, id, request.lagBound))
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
      },
    },
    `${incoming.join(', ')} gets its buckets as well`,
  )
}

function carryOn(
  seen: Observation,
  current: ControlRecord,
  swap: Swap,
  request: SwapRequest,
): Step {
  const givenUp = swap.step === 'release' || swap.step === 'settle'
  if (!givenUp && !sameShares(swap.target, request.target))
    return write(
      { ...current, epoch: current.epoch + 1, shares: swap.from, swap: null },
      'the swap is taken back: nobody has given up a bucket yet',
    )
  const incoming = gaining(swap.from, swap.target)
  const outgoing = gaining(swap.target, swap.from)
  const { lagBound, unproven, forced } = request
  /** A dead Flink job's reports outlive it: by force, what is not to run any more is not waited for for ever. */
  const isGivenUp = (id: DeploymentId) =>
    forced !== undefined &&
    engineOf(id) === 'flink' &&
    !request.running.includes(id) &&
    seen.now - swap.startedAt > FLINK_PATIENCE_MS
  const isAway = (id: DeploymentId) => isGone(seen, id) || isGivenUp(id)
  /** Those that are waited for: not one that is gone, where its place is taken by force. */
  const awaited = (ids: readonly DeploymentId[]) =>
    ids.filter((id) => forced === undefined || !isAway(id))

  switch (swap.step) {
    case 'overlap':
      return unless(
        [...unproven, ...incoming.flatMap((id) => unreported(seen, id, current.epoch))],
        { ...current, swap: { ...swap, step: 'gate', sampled: [...seen.ends] } },
        `${incoming.join(', ')} writes its buckets`,
      )
    case 'gate':
      return unless(
        [
          ...unproven,
          ...awaited(outgoing).flatMap((id) => below(seen, id, swap.sampled)),
          ...incoming.flatMap((id) => below(seen, id, swap.sampled)),
          ...incoming.flatMap((id) => lagging(seen, id, lagBound)),
        ],
        {
          ...current,
          epoch: current.epoch + 1,
          shares: swap.target,
          swap: { ...swap, step: 'release', sampled: passedBy(seen, outgoing, swap.sampled) },
        },
        `${outgoing.join(', ')} gives its buckets up`,
      )
    case 'release':
      return unless(
        [
          ...awaited(incoming).flatMap((id) => unreported(seen, id, current.epoch)),
          // what starts only now reads the epoch first
          ...outgoing
            .filter((id) => !isAway(id))
            .flatMap((id) => unreported(seen, id, current.epoch)),
        ],
        { ...current, swap: { ...swap, step: 'settle', until: [...seen.ends] } },
        `${outgoing.join(', ')} has given its buckets up`,
      )
    case 'settle': {
      const short = awaited(incoming).flatMap((id) => below(seen, id, swap.until))
      if (short.length > 0) return { do: 'wait', for: short }
      const before = mainOwner(swap.from)
      const previous = before === mainOwner(swap.target) ? current.previous : before
      return { do: 'settle', swap, record: { ...current, swap: null, previous } }
    }
  }
}

const unless = (awaited: readonly string[], record: ControlRecord, why: string): Step =>
  awaited.length > 0 ? { do: 'wait', for: awaited } : write(record, why)

const isGone = (seen: Observation, id: DeploymentId) =>
  (seen.deployments[id]?.instances ?? []).length === 0

function unreported(seen: Observation, id: DeploymentId, epoch: number): string[] {
  if (isGone(seen, id)) return [`${id} to report epoch ${epoch}: no instance of it is seen`]
  return seen.deployments[id]!.instances.filter((i) => (i.epoch ?? 0) < epoch).map(
    (i) => `${id}/${i.instance} to report epoch ${epoch}: it is at ${i.epoch ?? 'none'}`,
  )
}

function below(seen: Observation, id: DeploymentId, offsets: readonly number[]): string[] {
  return offsets.flatMap((offset, partition) => {
    const committed = committedOf(seen, id, partition)
    if (committed >= offset) return []
    const gone = isGone(seen, id) ? '; no instance of it is seen' : ''
    return [
      `${id} to commit offset ${offset} of partition ${partition}: it is at ${committed}${gone}`,
    ]
  })
}

function lagging(seen: Observation, id: DeploymentId, bound: number): string[] {
  const lag = seen.ends.reduce(
    (sum, end, p) => sum + Math.max(0, end - committedOf(seen, id, p)),
    0,
  )
  return lag <= bound ? [] : [`${id} to catch up: ${lag} records behind, at most ${bound} allowed`]
}

/** How far every outgoing has come, at most to the sample: lower where one that is gone is left behind. */
const passedBy = (seen: Observation, ids: readonly DeploymentId[], sampled: readonly number[]) =>
  sampled.map((offset, p) => Math.min(offset, ...ids.map((id) => committedOf(seen, id, p))))

const committedOf = (seen: Observation, id: DeploymentId, partition: number) =>
  seen.deployments[id]?.committed[partition] ?? 0
