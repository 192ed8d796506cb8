import { createRegistry, FencedError, messageOf, RetryableError } from '@order-up/kit'
import { CONTRACT_VERSION, CURATED_SUBJECT, RAW_SUBJECT } from '@order-up/schemas'
import type { Kafka } from 'kafkajs'
import type { DeploymentId } from '../deployments.ts'
import type { Proof, SwapAnswer, SwapEvent } from '../lambda-events.ts'
import { mainOwner, ownersIn } from '../share-table.ts'
import { deploymentsIn, type ControlRecord } from '../swap-record.ts'
import { asksForVerdict, nextStep, type Step, type SwapRequest } from '../swap.ts'
import { verdictProblems, type Verdict } from '../verdict.ts'
import { asOnlyWriter, epochMessage, readEpoch, untilReadable, type Epoch } from './epochs.ts'
import { fence } from './fence.ts'
import { observe } from './observe.ts'
import { openSession, type Session } from './session.ts'
import { settle } from './settle.ts'
import { readVerdict } from './verdicts.ts'

export interface SwapTools {
  kafka: Kafka
  registryUrl: string
  /** a folder or s3://bucket/prefix; undefined = there is no comparer: a cutover needs force */
  verdictsUrl: string | undefined
  /** what speaks against a proof, in words */
  unproven: (proof: Proof) => Promise<readonly string[]>
}

/**
 * One step of a swap: looks at the running system, decides, and does it. Whoever asks goes on asking until it is done;
 * two that ask at once do not interleave.
 * @throws OrderUpError, kafkajs's errors
 */
export async function stepSwap(tools: SwapTools, event: SwapEvent): Promise<SwapAnswer> {
  const session = await openSession(tools.kafka)
  try {
    return await stepWithin(session, tools, event)
  } finally {
    await session.close()
  }
}

/** The same, for whoever takes many. */
export async function stepWithin(
  session: Session,
  tools: SwapTools,
  event: SwapEvent,
): Promise<SwapAnswer> {
  const seen = await readEpoch(session.fetcher)
  return act(session, seen, await decide(tools, session, seen?.record, event))
}

async function decide(
  tools: SwapTools,
  session: Session,
  current: ControlRecord | undefined,
  event: SwapEvent,
): Promise<Step> {
  const proofs = await Promise.all(event.proofs.map((proof) => tools.unproven(proof)))
  const request: SwapRequest = {
    target: event.target,
    running: event.running,
    lagBound: event.lagBound,
    forced: event.forced,
    dead: event.dead ?? [],
    unproven: proofs.flat(),
    verdictProblems: [],
  }
  const involved = new Set([...(current ? deploymentsIn(current) : []), ...ownersIn(event.target)])
  if (current && asksForVerdict(current, request))
    request.verdictProblems = await askVerdict(tools, current, event)
  return nextStep(await observe(session, current, [...involved]), request)
}

/**
 * What speaks against the verdict on a cutover, in words; empty = nothing.
 * @param read what has been read already; default: the newest there is
 * @throws TerminalError `VERDICT`
 */
export async function askVerdict(
  { registryUrl, verdictsUrl }: Pick<SwapTools, 'registryUrl' | 'verdictsUrl'>,
  { shares }: ControlRecord,
  { target, sides = [] }: Pick<SwapEvent, 'target' | 'sides'>,
  read?: { verdict: Verdict | undefined },
): Promise<readonly string[]> {
  const ids = [mainOwner(shares), mainOwner(target)]
  const known = ids.flatMap((id) => sides.filter(({ deployment }) => deployment === id))
  const unknown = ids.filter((id) => !known.some(({ deployment }) => deployment === id))
  if (unknown.length > 0) return unknown.map(notKept)
  if (verdictsUrl === undefined) return ['there is no place to read verdicts from']
  const { verdict } = read ?? { verdict: await readVerdict(verdictsUrl, ids) }
  return verdictProblems(verdict, {
    sides: known,
    contractVersion: CONTRACT_VERSION,
    schemaIds: await schemaIds(registryUrl),
    now: Date.now(),
  })
}

/** A verdict is about what both run, and the old engine is the way back. */
const notKept = (id: DeploymentId) =>
  `${id} would not run beside the new engine: keep it as the shadow (order-up:shadow) until the cutover is done`

async function schemaIds(registryUrl: string): Promise<Record<string, number[]>> {
  const registry = createRegistry(registryUrl)
  const subjects = [RAW_SUBJECT, CURATED_SUBJECT]
  const ids = await Promise.all(subjects.map((subject) => registry.subjectIds(subject)))
  return Object.fromEntries(subjects.map((subject, i) => [subject, [...ids[i]!.keys()]]))
}

async function act(
  { kafka, fetcher }: Session,
  seen: Epoch | undefined,
  step: Step,
): Promise<SwapAnswer> {
  const epoch = seen?.record.epoch ?? null
  switch (step.do) {
    case 'done':
      return { state: 'done', epoch, lines: await fence(kafka, step.fence) }
    case 'wait':
      return { state: 'waiting', epoch, lines: [...step.for] }
    case 'refuse':
      return { state: 'refused', epoch, lines: [...step.why] }
    case 'write':
    case 'settle':
      try {
        const done = await asOnlyWriter(kafka, fetcher, seen, async (write) => {
          const fenced = await fence(kafka, step.fence)
          const filled =
            step.do === 'settle'
              ? await settle(fetcher, { swap: step.swap, epoch: step.record.epoch }, write)
              : undefined
          await write([epochMessage(step.record)])
          if (step.do === 'write') return { lines: [...fenced, step.why] }
          const written = filled?.written ?? 0
          return { lines: [...fenced, settledLine(written)], filled: written }
        })
        await untilReadable(fetcher, seen)
        const { epoch: reached, swap } = step.record
        return { state: 'stepped', epoch: reached, step: swap?.step ?? null, ...done }
      } catch (error) {
        if (error instanceof FencedError)
          return { state: 'waiting', epoch, lines: [`another carrier: ${messageOf(error)}`] }
        if (error instanceof RetryableError)
          return { state: 'waiting', epoch, lines: [messageOf(error)] }
        throw error
      }
  }
}

const settledLine = (written: number) =>
  written === 0
    ? 'the swap is done: curated holds every row of the moved buckets'
    : `the swap is done: ${written} rows of the moved buckets were filled in from the shadow topics`
