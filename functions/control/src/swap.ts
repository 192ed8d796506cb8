import { SharesRecord } from '@order-up/schemas'
import { z } from 'zod'
import type { DeploymentId } from './deployments.ts'
import { gaining, mainOwner, sameShares, unionOf, type ShareTable } from './share-table.ts'

const Table = SharesRecord.shape.shares

/** A swap in progress, as it stands in the shares topic: all that whoever carries it on has to know. */
export const Swap = z.object({
  /**
   * overlap: the additive epoch is out, its reports are awaited. gate: `sampled` is taken, the outgoing has to pass it.
   * settle: the subtractive epoch is out, the moved buckets' rows are looked for in curated.
   */
  step: z.enum(['overlap', 'gate', 'settle']),
  from: Table,
  target: Table,
  /** epoch milliseconds */
  startedAt: z.int(),
  /** why no verdict was asked for */
  forced: z.string().optional(),
  /** by raw partition: from this offset on the incoming writes every row of its buckets to curated */
  sampled: z.array(z.int()).optional(),
})
export type Swap = z.infer<typeof Swap>

/** An epoch with what its carrier knows. Workers read only its number and its shares. */
export const ControlRecord = SharesRecord.extend({
  swap: Swap.nullable().default(null),
  /** the main owner before the last cutover, while it goes on running: the way back to it needs no verdict */
  previous: z.string().nullable().default(null),
})
export type ControlRecord = z.infer<typeof ControlRecord>

/** What one deployment is seen to do. */
export interface DeploymentState {
  /** its live instances, with the newest epoch that each has reported; empty = none runs, or none has reported */
  instances: readonly { instance: string; epoch: number | undefined }[]
  /** by raw partition: the next offset to read, moved on over what holds no data record; undefined = never committed */
  committed: readonly (number | undefined)[]
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
  /** why a cutover needs no verdict */
  forced: string | undefined
  /** what speaks against the verdict on the cutover; empty = it is a PASS that still holds */
  verdictProblems: readonly string[]
}

export type Step =
  | { do: 'done' }
  /** nothing to do but to look again; each line names what is awaited, with the figures */
  | { do: 'wait'; for: readonly string[] }
  | { do: 'refuse'; why: readonly string[] }
  /** to be written by the one transactional id */
  | { do: 'write'; record: ControlRecord; why: string }
  /** to see that curated holds every row of the moved buckets from `from` on, to write what is missing, then `record` */
  | { do: 'settle'; swap: Swap; from: readonly number[]; record: ControlRecord }

/**
 * The next step from where the running system is to where it is wanted; see the contract, "Shares, and the swap". Pure:
 * it is asked again after each step, by whoever carries the swap, and asks nothing that the topic does not hold.
 *
 * The sampled target is the end of raw once every instance of the incoming has reported the additive epoch: whatever an
 * engine had read before it took the epoch up lies below. (The contract's committed offset "after one more commit" is
 * too low for an engine whose commits trail what it has processed, as Flink's checkpoints do.)
 */
export function nextStep(seen: Observation, request: SwapRequest): Step {
  const { current } = seen
  const { target, running } = request
  if (!current) return write(first(target), 'the first epoch')
  if (current.swap) return carryOn(seen, current, current.swap, request)
  if (sameShares(current.shares, target)) {
    const retired = current.previous !== null && !running.includes(current.previous as DeploymentId)
    if (retired) return write({ ...current, previous: null }, `${current.previous} is retired`)
    return { do: 'done' }
  }
  return begin(seen, current, request)
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
  const owner = mainOwner(target)
  const isCutover = owner !== mainOwner(from) && owner !== current.previous
  if (isCutover && forced === undefined && verdictProblems.length > 0)
    return { do: 'refuse', why: verdictProblems }
  const behind = gaining(from, target).flatMap((id) => lagging(seen, id, request.lagBound))
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
        ...(isCutover && forced !== undefined && { forced }),
      },
    },
    `${gaining(from, target).join(', ')} gets its buckets as well`,
  )
}

function carryOn(
  seen: Observation,
  current: ControlRecord,
  swap: Swap,
  { target, lagBound }: SwapRequest,
): Step {
  if (swap.step !== 'settle' && !sameShares(swap.target, target))
    return write(
      { ...current, epoch: current.epoch + 1, shares: swap.from, swap: null },
      'the swap is taken back: nobody has given up a bucket yet',
    )
  const incoming = gaining(swap.from, swap.target)
  const outgoing = gaining(swap.target, swap.from)
  switch (swap.step) {
    case 'overlap': {
      const silent = incoming.flatMap((id) => unreported(seen, id, current.epoch))
      if (silent.length > 0) return { do: 'wait', for: silent }
      return write(
        { ...current, swap: { ...swap, step: 'gate', sampled: [...seen.ends] } },
        `${incoming.join(', ')} writes its buckets`,
      )
    }
    case 'gate': {
      const sampled = swap.sampled ?? []
      const short = [
        ...outgoing.flatMap((id) => below(seen, id, sampled)),
        ...incoming.flatMap((id) => below(seen, id, sampled)),
        ...incoming.flatMap((id) => lagging(seen, id, lagBound)),
      ]
      if (short.length > 0) return { do: 'wait', for: short }
      return write(
        {
          ...current,
          epoch: current.epoch + 1,
          shares: swap.target,
          swap: { ...swap, step: 'settle' },
        },
        `${outgoing.join(', ')} gives its buckets up`,
      )
    }
    case 'settle': {
      const silent = outgoing.flatMap((id) => unreported(seen, id, current.epoch))
      if (silent.length > 0) return { do: 'wait', for: silent }
      const before = mainOwner(swap.from)
      const previous = before === mainOwner(swap.target) ? current.previous : before
      return {
        do: 'settle',
        swap,
        from: swap.sampled ?? [],
        record: { ...current, swap: null, previous },
      }
    }
  }
}

function unreported(seen: Observation, id: DeploymentId, epoch: number): string[] {
  const instances = seen.deployments[id]?.instances ?? []
  if (instances.length === 0) return [`${id} to report epoch ${epoch}: no instance of it is seen`]
  return instances
    .filter((i) => (i.epoch ?? 0) < epoch)
    .map((i) => `${id}/${i.instance} to report epoch ${epoch}: it is at ${i.epoch ?? 'none'}`)
}

function below(seen: Observation, id: DeploymentId, offsets: readonly number[]): string[] {
  return offsets.flatMap((offset, partition) => {
    const committed = seen.deployments[id]?.committed[partition] ?? 0
    if (committed >= offset) return []
    return [`${id} to commit offset ${offset} of partition ${partition}: it is at ${committed}`]
  })
}

function lagging(seen: Observation, id: DeploymentId, bound: number): string[] {
  const committed = seen.deployments[id]?.committed ?? []
  const lag = seen.ends.reduce((sum, end, partition) => sum + end - (committed[partition] ?? 0), 0)
  return lag <= bound ? [] : [`${id} to catch up: ${lag} records behind, at most ${bound} allowed`]
}
