import { z } from 'zod'
import type { DeploymentId } from './deployments.ts'

const Side = z.object({
  deployment: z.string(),
  /** the digest of the image, or the jar's hash, that wrote the rows */
  artifact: z.string(),
})

/** A comparer's answer about two deployments, as the gate of a cutover reads it. The comparer's file may say more. */
export const Verdict = z.object({
  verdict: z.enum(['PASS', 'FAIL', 'INCONCLUSIVE']),
  reason: z.string(),
  sides: z.tuple([Side, Side]),
  contractVersion: z.int(),
  /** by subject, every id that was registered */
  schemaIds: z.record(z.string(), z.array(z.int())),
  /** epoch milliseconds */
  at: z.int(),
  /** epoch milliseconds; 24 h after `at` */
  expiresAt: z.int(),
})
export type Verdict = z.infer<typeof Verdict>

/** What a verdict has to be about. */
export interface VerdictQuestion {
  /** what runs as each of the two, in any order */
  sides: readonly { deployment: DeploymentId; artifact: string }[]
  contractVersion: number
  schemaIds: Readonly<Record<string, readonly number[]>>
  /** epoch milliseconds */
  now: number
}

/** What speaks against a cutover on this verdict, in words; empty = nothing. */
export function verdictProblems(
  verdict: Verdict | undefined,
  { sides, contractVersion, schemaIds, now }: VerdictQuestion,
): string[] {
  const names = sides.map(({ deployment }) => deployment).join(' and ')
  if (!verdict)
    return [
      `there is no verdict on ${names}: run one in shadow of the other first, \`order-up shadow start\` (in the cloud order-up:shadow), then see \`order-up shadow report\``,
    ]
  const problems: string[] = []
  const demand = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem)
  }
  demand(verdict.verdict === 'PASS', `the verdict is ${verdict.verdict}: ${verdict.reason}`)
  demand(now < verdict.expiresAt, `the verdict expired at ${iso(verdict.expiresAt)}`)
  demand(
    verdict.contractVersion === contractVersion,
    `the verdict is on contract version ${verdict.contractVersion}, not ${contractVersion}`,
  )
  for (const { deployment, artifact } of sides) {
    const side = verdict.sides.find((s) => s.deployment === deployment)
    demand(side !== undefined, `the verdict is not about ${deployment}`)
    demand(
      side === undefined || side.artifact === artifact,
      `${deployment} runs another artefact than the verdict is about`,
    )
  }
  for (const [subject, ids] of Object.entries(schemaIds))
    demand(
      ids.every((id) => verdict.schemaIds[subject]?.includes(id)),
      `subject ${subject} has grown since the verdict`,
    )
  return problems
}

const iso = (ms: number) => new Date(ms).toISOString()
