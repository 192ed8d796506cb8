import { DEPLOYMENTS, SharesRecord } from '@order-up/schemas'
import { z } from 'zod'
import type { DeploymentId } from './deployments.ts'
import { ControlRecord } from './swap-record.ts'

/*
 * What the control function is asked, and what it answers. Every call is short and may be repeated: whoever wants
 * something done asks until it is.
 */

const text = z.string().min(1)
const arn = z.string().regex(/^arn:aws[a-z-]*:/, 'an ARN')
const Deployment = z
  .string()
  .refine((id): id is DeploymentId => DEPLOYMENTS.includes(id), `one of ${DEPLOYMENTS.join(', ')}`)

/** How a deployment is proven to run as it was deployed, rather than as before, or half. */
export const Proof = z.discriminatedUnion('kind', [
  /** every task of the service is of this definition (ARNs), as many as desired, and no other deployment of it is left */
  z.strictObject({
    deployment: Deployment,
    kind: z.literal('ecs'),
    service: text,
    taskDefinition: arn,
  }),
  /** the application is RUNNING at this version, which Managed Flink counts up on every change */
  z.strictObject({
    deployment: Deployment,
    kind: z.literal('flink'),
    application: text,
    versionId: z.int().min(1),
  }),
])
export type Proof = z.infer<typeof Proof>

/** What runs as a deployment: the digest of its image, or the hash of its jar. */
export const Side = z.strictObject({ deployment: Deployment, artifact: text })
export type Side = z.infer<typeof Side>

/** Sets the subject's compatibility and registers the schemas in their order. Answered by {@link SubjectAnswer} */
const SubjectEvent = z.strictObject({
  action: z.literal('subject'),
  subject: text,
  /** Avro as JSON text, the oldest first */
  schemas: z.array(text).min(1),
  compatibility: z.literal('FULL_TRANSITIVE'),
})

/** One step from the epoch that the system is in towards the target. Answered by {@link SwapAnswer} */
const SwapEvent = z.strictObject({
  action: z.literal('swap'),
  /** a steady table: one owner for each bucket */
  target: SharesRecord.shape.shares,
  /** the deployments that run once this is done */
  running: z.array(Deployment).min(1),
  /** of those that run, as far as they run in the cloud */
  proofs: z.array(Proof),
  /** raw records that an incoming deployment may be behind, over all partitions */
  lagBound: z.int().min(0),
  /** why a cutover needs no verdict */
  forced: text.optional(),
  /** declared dead by a person: not waited for, even where it seems to live, and fenced out of curated */
  dead: z.array(Deployment).optional(),
  /** what the verdict on a cutover has to be about: one for each that runs */
  sides: z.array(Side).optional(),
})

/** The newest epoch, read only. Answered by {@link SharesAnswer} */
const SharesEvent = z.strictObject({ action: z.literal('shares') })

/** Sees to it that the secret holds a key pair of this generation. Answered by {@link KeyAnswer} */
const KeyEvent = z.strictObject({
  action: z.literal('key'),
  secretArn: arn,
  generation: z.int().min(1),
})

/** Measures lag and the last stable offset, into the log as embedded metrics. Answered by {@link ProbeAnswer} */
const ProbeEvent = z.strictObject({ action: z.literal('probe') })

export const ControlEvent = z.discriminatedUnion('action', [
  SubjectEvent,
  SwapEvent,
  SharesEvent,
  KeyEvent,
  ProbeEvent,
])
export type ControlEvent = z.infer<typeof ControlEvent>
export type SubjectEvent = z.infer<typeof SubjectEvent>
export type SwapEvent = z.infer<typeof SwapEvent>
export type KeyEvent = z.infer<typeof KeyEvent>

/** The id of each schema, in the order in which they were given. */
export const SubjectAnswer = z.object({ ids: z.array(z.int()) })
export type SubjectAnswer = z.infer<typeof SubjectAnswer>

export const SwapAnswer = z.object({
  /** stepped: ask again at once. waiting: ask again in a moment; refused: not without a change of what is asked */
  state: z.enum(['done', 'stepped', 'waiting', 'refused']),
  /** the newest one after this step; null = none was ever written */
  epoch: z.int().nullable(),
  /** what was done, what is awaited or why it is refused: for people */
  lines: z.array(z.string()),
  /** of `stepped`: where the swap stands now; null = none is in progress any more */
  step: z.enum(['overlap', 'gate', 'release', 'settle']).nullable().optional(),
  /** of `stepped`, at the end of a swap: rows and dead letters that were filled in */
  filled: z.int().min(0).optional(),
})
export type SwapAnswer = z.infer<typeof SwapAnswer>

export const SharesAnswer = z.object({
  /** null = none was ever written */
  record: ControlRecord.nullable(),
})
export type SharesAnswer = z.infer<typeof SharesAnswer>

/** The public key as Snowflake takes it: the body of its PEM file in one line, without header and footer. */
export const KeyAnswer = z.object({ publicKey: z.string() })
export type KeyAnswer = z.infer<typeof KeyAnswer>

export const ProbeAnswer = z.object({
  /** how many figures went into the log */
  measured: z.int(),
})
export type ProbeAnswer = z.infer<typeof ProbeAnswer>

/** In the place of an answer: the function itself has not failed, so nobody invokes it again by himself. */
export const ErrorAnswer = z.object({
  error: z.object({
    /** stable, as SCHEMA_INCOMPATIBLE */
    code: z.string(),
    /** what happened, why, and what to do; of the registry in its own words */
    message: z.string(),
  }),
})
export type ErrorAnswer = z.infer<typeof ErrorAnswer>

/** What each action is answered by, unless it is an {@link ErrorAnswer}. */
export interface ControlAnswers {
  subject: SubjectAnswer
  swap: SwapAnswer
  shares: SharesAnswer
  key: KeyAnswer
  probe: ProbeAnswer
}
