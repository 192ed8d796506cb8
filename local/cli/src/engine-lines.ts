import {
  deploymentsIn,
  mainOwner,
  ownersOf,
  verdictProblems,
  waysOn,
  whereItStands,
  type ControlRecord,
  type DeploymentId,
  type Verdict,
} from '@order-up/control'
import { CONTRACT_VERSION } from '@order-up/schemas'
import type { EngineRun } from '@order-up/stack'
import { textTable } from './text-table.ts'

/** A deployment that owns, runs, or both. */
export interface EngineLine {
  deployment: DeploymentId
  /** percent of the orders; 0 = it writes to its shadow topic alone */
  owns: number
  /** null = no such thing runs on this stack */
  state: EngineRun['state'] | null
  workers: number | null
  artifact: string | null
  /** records of raw that it has not committed; null = not known */
  lag: number | null
  problem: string | null
  log: string | null
}

/** Which deployments there are to look at: all that run here, and all that the newest epoch needs. */
export function deploymentsOf(
  record: ControlRecord | null | undefined,
  engines: readonly Pick<EngineRun, 'deployment'>[],
): { deployments: DeploymentId[]; owner: DeploymentId | undefined } {
  const needed = record ? deploymentsIn(record) : []
  const running = engines.map(({ deployment }) => deployment)
  return {
    deployments: [...new Set([...needed, ...running])].toSorted(),
    owner: record ? mainOwner(record.shares) : undefined,
  }
}

export function engineLines(
  record: ControlRecord | null,
  engines: readonly EngineRun[],
  lags: Readonly<Record<string, number | null>>,
): EngineLine[] {
  const owners = record ? ownersOf(record.shares) : []
  return deploymentsOf(record, engines).deployments.map((deployment) => {
    const run = engines.find((engine) => engine.deployment === deployment)
    return {
      deployment,
      owns: owners.filter((ids) => ids.includes(deployment)).length,
      state: run?.state ?? null,
      workers: run?.workers ?? null,
      artifact: run?.artifact ?? null,
      lag: lags[deployment] ?? null,
      problem: run?.problem ?? null,
      log: run?.log ?? null,
    }
  })
}

export const engineTable = (lines: readonly EngineLine[]): string =>
  [
    textTable(
      ['engine', 'state', 'owns', 'behind', 'artefact'],
      lines.map((e) => [
        e.deployment,
        e.state ?? 'does not run here',
        e.owns === 0 ? 'shadow' : `${e.owns} %`,
        e.lag,
        e.artifact,
      ]),
    ),
    ...lines.flatMap(({ deployment, problem, log }) => {
      if (problem === null) return []
      const where = log === null ? '' : `: ${log}`
      return [`${deployment}: ${problem.split('\n')[0]}${where}`]
    }),
  ].join('\n')

/** A swap in progress, for a program and for a person. */
export interface SwapLine {
  step: string
  from: ControlRecord['shares']
  target: ControlRecord['shares']
  /** epoch milliseconds */
  startedAt: number
  /** why no verdict was asked for; null = one was */
  forced: string | null
  /** where it stands, in words */
  stands: string
  /** the commands that go on with it and take it back, in words */
  next: string
}

/** null = none is in progress */
export function swapLine(record: ControlRecord | null): SwapLine | null {
  if (!record?.swap) return null
  const { step, from, target, startedAt, forced = null } = record.swap
  const stands = whereItStands(record)!
  return { step, from, target, startedAt, forced, stands, next: waysOn(record.swap) }
}

/** What the comparer says of the two that run. */
export interface VerdictLine {
  verdict: Verdict['verdict']
  reason: string
  /** epoch milliseconds */
  at: number
  /** epoch milliseconds */
  expiresAt: number
  /** why it is no ground for a cutover, in words; empty = it is one, as far as this stack can tell */
  problems: string[]
}

/** @param now epoch milliseconds */
export function verdictLine(
  verdict: Verdict,
  sides: readonly EngineRun[],
  now: number,
): VerdictLine {
  const { reason, at, expiresAt } = verdict
  const question = { sides, contractVersion: CONTRACT_VERSION, schemaIds: {}, now }
  return {
    verdict: verdict.verdict,
    reason,
    at,
    expiresAt,
    problems: verdictProblems(verdict, question),
  }
}

export function verdictText({ verdict, reason, at, problems }: VerdictLine): string {
  const when = new Date(at).toISOString()
  // what is no PASS says so itself
  const doubts = verdict === 'PASS' && problems.length > 0 ? `; but ${problems.join(', ')}` : ''
  return `verdict ${verdict}: ${reason} (${when})${doubts}`
}
