import {
  deploymentsIn,
  type ControlRecord,
  type DeploymentId,
  type Observation,
  type Side,
  type SwapEvent,
} from '@order-up/control'
import { observe, readEpoch, type SwapTools } from '@order-up/control/operations'
import { openFetcher, OrderUpError, type Fetcher } from '@order-up/kit'
import { DEPLOYMENTS } from '@order-up/schemas'
import type { EngineRun, Run } from '@order-up/stack'
import type { Admin, Kafka } from 'kafkajs'
import { verdictsOf } from '../comparer.ts'
import { reach, withAdmin, type Reach, type ReachOptions } from '../reach.ts'
import type { Shell } from '../shell.ts'
import { asTyped } from './options.ts'

/** What a command of the swap finds. */
export interface Scene extends Omit<Reach, 'run'> {
  /** the stack of the data folder, where that is what is reached; undefined = another Kafka */
  stack: Run | undefined
  /** the newest epoch, as found */
  record: ControlRecord
  /** what runs, or is about to; in another Kafka those of which an instance is seen */
  running: DeploymentId[]
  /** what runs as each, as far as that is known: here, not in another Kafka */
  sides: Side[]
  tools: SwapTools
  /** the newest epoch as of now */
  readRecord(): Promise<ControlRecord>
  /** what these deployments are seen to do now, with the newest epoch */
  look(ids: readonly DeploymentId[]): Promise<Observation>
}

/** It may be down for a moment: it is started again, and a swap waits for it. */
const LIVES: readonly EngineRun['state'][] = ['starting', 'running', 'restarting']

/**
 * Runs `use` on what there is. An error's commands are those to type here, and with --json it is an answer too.
 * @throws OrderUpError `NOTHING_RUNS`, `KAFKA_UNREACHABLE`, `NO_SHARES`
 */
export async function withScene(
  shell: Shell,
  options: ReachOptions,
  use: (scene: Scene) => Promise<void>,
): Promise<void> {
  try {
    await withReached(shell, options, use)
  } catch (error) {
    if (!(error instanceof OrderUpError) || shell.signal.aborted) throw error
    const { code, cause, remedy } = error
    const message = asTyped(error.message, options)
    const next = remedy === undefined ? undefined : asTyped(remedy, options)
    if (options.json) shell.out(`${JSON.stringify({ error: { code, message, next } })}\n`)
    throw new OrderUpError(code, message, { cause, ...(next !== undefined && { remedy: next }) })
  }
}

async function withReached(
  shell: Shell,
  options: ReachOptions,
  use: (scene: Scene) => Promise<void>,
): Promise<void> {
  const { run, ...reached } = await reach(shell, options)
  const stack = run && reached.config.KAFKA_BROKERS.join(',') === run.brokers ? run : undefined
  await withAdmin(reached, async (admin) => {
    const connection = reconnecting(reached.kafka)
    try {
      await use(await sceneOf(reached, stack, { admin, ask: connection.ask }))
    } finally {
      await connection.close()
    }
  })
}

interface Connection {
  ask<T>(question: (fetcher: Fetcher) => Promise<T>): Promise<T>
}

/** A swap outlives a broker's restart: what fails is asked once more, by a new connection. */
function reconnecting(kafka: Kafka): Connection & { close(): Promise<void> } {
  let opened: Promise<Fetcher> | undefined
  const close = async () => {
    const fetcher = await opened?.catch(() => undefined)
    opened = undefined
    await fetcher?.close().catch(() => {}) // it may be gone already
  }
  return {
    async ask(question) {
      const once = async () => question(await (opened ??= openFetcher(kafka)))
      try {
        return await once()
      } catch {
        await close()
        return once()
      }
    },
    close,
  }
}

async function sceneOf(
  reached: Omit<Reach, 'run'>,
  stack: Run | undefined,
  { admin, ask }: Connection & { admin: Admin },
): Promise<Scene> {
  const readRecord = async () => {
    const epoch = await ask(readEpoch)
    if (epoch) return epoch.record
    throw new OrderUpError('NO_SHARES', 'No epoch was ever written: nobody owns an order yet', {
      remedy: 'deploy first; `order-up up` does so here',
    })
  }
  const record = await readRecord()
  const look: Scene['look'] = async (ids) => {
    const current = await readRecord()
    return ask((fetcher) => observe({ admin, fetcher }, current, [...new Set(ids)]))
  }
  return {
    ...reached,
    stack,
    record,
    running: stack ? livingIn(stack) : await seenRunning(look),
    sides: stack ? stack.engines.map(({ deployment, artifact }) => ({ deployment, artifact })) : [],
    tools: {
      kafka: reached.kafka,
      registryUrl: reached.config.SCHEMA_REGISTRY_URL,
      verdictsUrl: stack && verdictsOf(reached.dataDir),
      unproven: () => Promise.resolve([]), // what runs here is seen to run
    },
    readRecord,
    look,
  }
}

const livingIn = ({ engines }: Run) =>
  engines.filter(({ state }) => LIVES.includes(state)).map(({ deployment }) => deployment)

async function seenRunning(look: Scene['look']): Promise<DeploymentId[]> {
  const { deployments } = await look(DEPLOYMENTS as readonly DeploymentId[])
  return (Object.keys(deployments) as DeploymentId[]).filter(
    (id) => (deployments[id]?.instances ?? []).length > 0,
  )
}

/** What the step machine is asked for. `running`: whoever owns, is to own or is the way back goes on, but not the dead. */
export function eventFor(
  { record, sides }: Pick<Scene, 'record' | 'sides'>,
  wish: Pick<SwapEvent, 'target' | 'lagBound' | 'forced' | 'dead'>,
  { leaves = wish.dead ?? [] }: { leaves?: readonly DeploymentId[] } = {},
): SwapEvent {
  const previous = record.previous === null ? [] : [record.previous as DeploymentId]
  const owners = Object.keys(wish.target) as DeploymentId[]
  const all = new Set([...owners, ...deploymentsIn(record), ...previous])
  return {
    action: 'swap',
    running: [...all].filter((id) => !leaves.includes(id)),
    proofs: [],
    sides: [...sides],
    ...wish,
  }
}
