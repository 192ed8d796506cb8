import { createRegistry, FencedError, messageOf, openFetcher, type Fetcher } from '@order-up/kit'
import { CONTRACT_VERSION, CURATED_SUBJECT, RAW_SUBJECT } from '@order-up/schemas'
import type { Admin, Kafka } from 'kafkajs'
import type { DeploymentId } from '../deployments.ts'
import type { Proof, SwapAnswer, SwapEvent } from '../lambda-events.ts'
import { mainOwner, ownersIn } from '../share-table.ts'
import { deploymentsIn, type ControlRecord } from '../swap-record.ts'
import { asksForVerdict, nextStep, type Step, type SwapRequest } from '../swap.ts'
import { verdictProblems } from '../verdict.ts'
import { asOnlyWriter, epochMessage, readEpoch, type Epoch } from './epochs.ts'
import { observe } from './observe.ts'
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
  const admin = tools.kafka.admin()
  await admin.connect()
  const fetcher = await openFetcher(tools.kafka)
  try {
    const seen = await readEpoch(fetcher)
    const step = await decide(tools, { admin, fetcher }, seen?.record, event)
    return await act(tools.kafka, fetcher, seen, step)
  } finally {
    await Promise.all([fetcher.close(), admin.disconnect()])
  }
}

async function decide(
  tools: SwapTools,
  look: { admin: Admin; fetcher: Fetcher },
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
  return nextStep(await observe(look, current, [...involved]), request)
}

/** What speaks against the verdict on a cutover, in words; empty = nothing. @throws TerminalError `VERDICT` */
export async function askVerdict(
  { registryUrl, verdictsUrl }: Pick<SwapTools, 'registryUrl' | 'verdictsUrl'>,
  { shares }: ControlRecord,
  { target, sides = [] }: Pick<SwapEvent, 'target' | 'sides'>,
): Promise<readonly string[]> {
  const ids = [mainOwner(shares), mainOwner(target)]
  const known = ids.flatMap((id) => sides.filter(({ deployment }) => deployment === id))
  const unknown = ids.filter((id) => !known.some(({ deployment }) => deployment === id))
  if (unknown.length > 0) return unknown.map(notKept)
  if (verdictsUrl === undefined) return ['there is no place to read verdicts from']
  const verdict = await readVerdict(verdictsUrl, ids)
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
  kafka: Kafka,
  fetcher: Fetcher,
  seen: Epoch | undefined,
  step: Step,
): Promise<SwapAnswer> {
  const epoch = seen?.record.epoch ?? null
  switch (step.do) {
    case 'done':
      return { state: 'done', epoch, lines: [] }
    case 'wait':
      return { state: 'waiting', epoch, lines: [...step.for] }
    case 'refuse':
      return { state: 'refused', epoch, lines: [...step.why] }
    case 'write':
    case 'settle':
      try {
        const done = await asOnlyWriter(kafka, fetcher, seen, async (write) => {
          const filled =
            step.do === 'settle'
              ? await settle(fetcher, { swap: step.swap, epoch: step.record.epoch }, write)
              : undefined
          await write([epochMessage(step.record)])
          if (step.do === 'write') return { lines: [step.why] }
          const written = filled?.written ?? 0
          return { lines: [settledLine(written)], filled: written }
        })
        const { epoch: reached, swap } = step.record
        return { state: 'stepped', epoch: reached, step: swap?.step ?? null, ...done }
      } catch (error) {
        if (!(error instanceof FencedError)) throw error
        return { state: 'waiting', epoch, lines: [`another carrier: ${messageOf(error)}`] }
      }
  }
}

const settledLine = (written: number) =>
  written === 0
    ? 'the swap is done: curated holds every row of the moved buckets'
    : `the swap is done: ${written} rows of the moved buckets were filled in from the shadow topics`
