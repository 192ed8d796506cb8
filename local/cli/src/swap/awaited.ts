import {
  gaining,
  recordsTo,
  type DeploymentId,
  type Observation,
  type ShareTable,
} from '@order-up/control'
import { count } from '../text-table.ts'

/**
 * What a swap waits for as things stand, in one line: the step machine's own lines name each partition.
 * @param target what is asked for: where the swap has not begun yet, who gains by it must have caught up first
 * @param dead not waited for
 * @returns undefined = nothing that can be counted
 */
export function awaitedText(
  seen: Observation,
  target: ShareTable,
  dead: readonly DeploymentId[] = [],
): string | undefined {
  const { current } = seen
  if (!current) return undefined
  const { swap, shares, epoch } = current
  const isAlive = (id: DeploymentId) => !dead.includes(id)
  const incoming = gaining(swap?.from ?? shares, swap?.target ?? target)
  const outgoing = swap ? gaining(swap.target, swap.from).filter(isAlive) : []
  const parts = (() => {
    switch (swap?.step) {
      case undefined:
        return incoming.map((id) => behind(seen, id))
      case 'overlap':
        return incoming.flatMap((id) => unreported(seen, id, epoch))
      case 'gate':
        return [
          ...[...outgoing, ...incoming].flatMap((id) => toGo(seen, id, swap.sampled)),
          ...incoming.map((id) => behind(seen, id)),
        ]
      case 'release':
        return [...outgoing, ...incoming].flatMap((id) => unreported(seen, id, epoch))
      case 'settle':
        return incoming.flatMap((id) => toGo(seen, id, swap.until))
    }
  })()
  return parts.length === 0 ? undefined : parts.join(', ')
}

/** Raw records that a deployment has not committed yet. */
export const behindOf = (seen: Observation, id: DeploymentId) => recordsTo(seen, id, seen.ends)

const behind = (seen: Observation, id: DeploymentId) =>
  `${id} is ${count(behindOf(seen, id))} behind`

function toGo(seen: Observation, id: DeploymentId, offsets: readonly number[]): string[] {
  const records = recordsTo(seen, id, offsets)
  return records === 0
    ? []
    : [`${id} has ${count(records)} ${records === 1 ? 'record' : 'records'} to go`]
}

function unreported(seen: Observation, id: DeploymentId, epoch: number): string[] {
  const instances = seen.deployments[id]?.instances ?? []
  if (instances.length === 0) return [`no instance of ${id} is seen`]
  const late = instances.filter((instance) => (instance.epoch ?? 0) < epoch)
  if (late.length === 0) return []
  const who = instances.length === 1 ? id : `${late.length} of ${instances.length} of ${id}`
  return [`${who} yet to take up epoch ${epoch}`]
}
