import { deploymentsIn, mainOwner, type ControlRecord, type DeploymentId } from '@order-up/control'
import type { EngineRun, WorkerState } from '@order-up/stack'
import { MAX_ENGINES, type EngineWish } from './engines-file.ts'

/** What a deployment does, as far as its next step depends on it. */
export interface Present extends EngineWish {
  state: EngineRun['state']
}

export interface Change {
  start: readonly EngineWish[]
  stop: readonly DeploymentId[]
}

/**
 * From what runs to what is to run. One that is to run with another number of workers is stopped; its start is a change
 * of its own, once it is gone: a deployment never runs twice.
 * @param isNew whether the wishes were written since the last look: what has failed is then tried again
 */
export function changesFor(
  wishes: readonly EngineWish[],
  present: readonly Present[],
  { isNew }: { isNew: boolean },
): Change {
  const wishFor = (id: DeploymentId) => wishes.find(({ deployment }) => deployment === id)
  const isRight = ({ deployment, workers, state }: Present) => {
    const wish = wishFor(deployment)
    return wish !== undefined && wish.workers === workers && !(isNew && state === 'failed')
  }
  return {
    start: wishes.filter((wish) => present.every((one) => one.deployment !== wish.deployment)),
    stop: present
      .filter((one) => one.state !== 'stopping' && !isRight(one))
      .map(({ deployment }) => deployment),
  }
}

/** What a deployment does, by what its workers do: the one that is worst off decides. */
export function stateOf(workers: readonly WorkerState[]): EngineRun['state'] {
  if (workers.length === 0) return 'starting'
  const worst = (['failed', 'restarting', 'starting'] as const).find((s) => workers.includes(s))
  return worst ?? (workers.includes('stopped') ? 'stopping' : 'running')
}

/** The two whose rows a comparer compares, by id. */
export interface Pair {
  deployments: readonly [DeploymentId, DeploymentId]
  /** in the same order */
  artifacts: readonly [string, string]
}

/** What there is to compare; undefined = nothing: fewer than two are to run, or what one of them runs is not known yet. */
export function pairOf(
  wishes: readonly EngineWish[],
  artifacts: ReadonlyMap<DeploymentId, string>,
): Pair | undefined {
  const [a, b] = wishes.map(({ deployment }) => deployment).toSorted()
  if (a === undefined || b === undefined) return undefined
  const [ofA, ofB] = [artifacts.get(a), artifacts.get(b)]
  if (ofA === undefined || ofB === undefined) return undefined
  return { deployments: [a, b], artifacts: [ofA, ofB] }
}

export interface StartWishes {
  engines: EngineWish[]
  /** what differs from what was found, for a person */
  said: string[]
}

/**
 * What a stack that starts is to run: what was wished for, and whoever has rows to write by the shares, or by the swap
 * that is in progress: without them orders would wait.
 * @param found undefined = nothing was ever wished for
 * @param asked whose number of workers it is; undefined = the main owner's
 */
export function wishesAtStart(
  found: readonly EngineWish[] | undefined,
  record: ControlRecord,
  { asked, workers }: { asked: DeploymentId | undefined; workers: number | undefined },
): StartWishes {
  const needed = deploymentsIn(record)
  const owner = mainOwner(record.shares)
  const listed = found ?? [{ deployment: asked ?? owner }]
  const missing = needed.filter((id) => listed.every(({ deployment }) => deployment !== id))
  const room = Math.max(0, MAX_ENGINES - needed.length)
  const others = listed.filter(({ deployment }) => !needed.includes(deployment))
  const dropped = others.slice(room)
  const engines = [
    ...listed.filter((wish) => !dropped.includes(wish)),
    ...missing.map((deployment): EngineWish => ({ deployment })),
  ].map((wish) =>
    workers !== undefined && wish.deployment === (asked ?? owner) ? { ...wish, workers } : wish,
  )
  const { epoch } = record
  return {
    engines,
    said: found
      ? [
          ...missing.map((id) => `engines.json lacked ${id}, which epoch ${epoch} needs: added`),
          ...dropped.map(
            ({ deployment }) =>
              `engines.json has ${deployment} beside those that epoch ${epoch} needs: left out, at most ${MAX_ENGINES} run`,
          ),
        ]
      : [],
  }
}
