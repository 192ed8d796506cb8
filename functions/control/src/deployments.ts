import {
  DEPLOYMENTS,
  engineGroup,
  ENGINES,
  transactionalIdPrefix,
  type Engine,
} from '@order-up/schemas'
import { z } from 'zod'
import { targetShares, type ShareTable } from './share-table.ts'

/** A running engine: its kind and generation, as `node-1`. Names its group, topics, ids and `engine` header. */
export type DeploymentId = `${Engine}-${1 | 2}`

/** `flink` means `flink-1`; a second generation of the same kind is named in full, as `flink-2`. */
export const DeploymentName = z
  .string()
  .transform((text) => (ENGINES.some((engine) => engine === text) ? `${text}-1` : text))
  .refine(
    (id): id is DeploymentId => DEPLOYMENTS.includes(id),
    `one of ${ENGINES.join(', ')}, or with a generation: ${DEPLOYMENTS.join(', ')}`,
  )

/** The engine that a deployment runs on. */
export const engineOf = (deployment: DeploymentId) => deployment.slice(0, -2) as Engine

/** Begins every transactional id of a deployment, and no other's: Kafka Streams itself begins its own with the group. */
export const transactionalIdsOf = (deployment: DeploymentId): string =>
  engineOf(deployment) === 'kafka-streams'
    ? `${engineGroup(deployment)}-`
    : transactionalIdPrefix(deployment)

export interface DeploymentChoice {
  /** owns what the split leaves */
  engine: DeploymentId
  shadow: DeploymentId | 'none'
  /** percent by deployment, as the config spells them; at most one entry, the second deployment's */
  split: Readonly<Record<string, number>>
}

export interface DeploymentPlan {
  /** owns the orders, or most of them */
  owner: DeploymentId
  /** runs beside it: in shadow, or with a share */
  second: DeploymentId | undefined
  /** both, the owner first */
  running: readonly DeploymentId[]
  /** who owns which buckets once everything is in place */
  target: ShareTable
}

/** What is wrong with a split, in words; empty = nothing. */
export function splitProblems({ engine, shadow, split }: DeploymentChoice): string[] {
  const names = Object.keys(split)
  if (names.length > 1) return ['at most one deployment can take a share from the engine']
  return names.flatMap((name) => {
    const second = DeploymentName.safeParse(name)
    if (!second.success) return second.error.issues.map(({ message }) => `${name}: ${message}`)
    if (second.data === engine)
      return [`${name} is the engine: name the one that takes a share from it`]
    if (shadow !== 'none' && shadow !== second.data)
      return [`${name} is not the shadow (${shadow}): at most two deployments run`]
    return []
  })
}

/** Which deployments run, and who owns what in the end. @throws Error where splitProblems has any */
export function planDeployments(choice: DeploymentChoice): DeploymentPlan {
  const problems = splitProblems(choice)
  if (problems.length > 0) throw new Error(problems.join('; '))
  const { engine: owner, shadow, split } = choice
  const [taken] = Object.entries(split)
  const second = taken ? DeploymentName.parse(taken[0]) : shadow === 'none' ? undefined : shadow
  const percent = taken?.[1] ?? 0
  return {
    owner,
    second,
    running: second ? [owner, second] : [owner],
    target: targetShares(owner, second, percent),
  }
}
