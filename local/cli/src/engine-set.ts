import { setTimeout as delay } from 'node:timers/promises'
import { engineOf, type DeploymentId } from '@order-up/control'
import { messageOf, until } from '@order-up/kit'
import {
  artifactOf,
  provideEngine,
  type ChildSpec,
  type EngineRun,
  type Env,
  type Stack,
} from '@order-up/stack'
import { keepComparer } from './comparer.ts'
import { readWishes, writeEngines, type EngineWish } from './engines-file.ts'
import { engineSpecs } from './pipeline.ts'
import { changesFor, pairOf, stateOf } from './reconcile.ts'

/** Between two looks at what is to run. */
const LOOK_MS = 300
const SETTLED_POLL_MS = 50

export interface EngineSetOptions {
  /** with engines.json in it */
  dataDir: string
  env: Env
  /** what is done about the engines, for a person */
  onProgress(line: string): void
  /** ends it */
  signal: AbortSignal
}

/** The engines of a stack, and their comparer, as engines.json wants them. */
export interface EngineSet {
  /** by id */
  list(): EngineRun[]
  /**
   * Resolves once each of these runs, or has failed.
   * @throws what the first one failed of, where none of all runs
   */
  settled(ids: readonly DeploymentId[]): Promise<void>
  /** Ends the looking and whatever is being built; what runs is the supervisor's to stop. */
  close(): Promise<void>
}

interface Member {
  wish: EngineWish
  /** '' = not looked at yet */
  artifact: string
  /** what its workers do not tell */
  doing: 'building' | 'stopping' | undefined
  /** of its workers, as the supervisor knows them */
  names: readonly string[]
  /** why it did not get ready */
  failure: unknown
  ending: AbortController
  started: Promise<void>
}

/** Starts what engines.json lists and stops what it does not list, until it is closed. */
export function keepEngines(stack: Stack, options: EngineSetOptions): EngineSet {
  const { dataDir, env, onProgress } = options
  const { supervisor } = stack
  const closing = new AbortController()
  const over = AbortSignal.any([options.signal, closing.signal])
  const members = new Map<DeploymentId, Member>()
  /** of whatever ran last as each: a comparer outlives a restart */
  const artifacts = new Map<DeploymentId, string>()
  const compare = keepComparer(stack, { dataDir, onProgress })
  let wishes: EngineWish[] = []
  let version: string | null = null
  let told: string | undefined
  let isUp = false

  const runOf = ({ wish, artifact, doing, names, failure }: Member): EngineRun => {
    const workers = supervisor.status().filter(({ name }) => names.includes(name))
    const failed = workers.find(({ state }) => state === 'failed')
    const state = failure === undefined ? stateOf(workers.map((w) => w.state)) : 'failed'
    const shown = failed?.name ?? names[0]
    const why = failed && `${failed.name} ended again and again (${failed.lastEnd})`
    return {
      deployment: wish.deployment,
      artifact,
      state: doing ?? state,
      workers: wish.workers ?? null,
      problem: failure === undefined ? (why ?? null) : messageOf(failure),
      log: shown === undefined ? null : supervisor.logFile(shown),
    }
  }
  const list = () =>
    [...members.values()]
      .filter(({ artifact }) => artifact !== '')
      .map(runOf)
      .toSorted((a, b) => (a.deployment < b.deployment ? -1 : 1))
  const show = () => stack.showEngines({ engines: list(), wishes: version })
  supervisor.onChange(show)

  function start(wish: EngineWish) {
    const member: Member = {
      wish,
      artifact: '',
      doing: engineOf(wish.deployment) === 'node' ? undefined : 'building',
      names: [],
      failure: undefined,
      ending: new AbortController(),
      started: Promise.resolve(),
    }
    members.set(wish.deployment, member)
    member.started = bringUp(member).catch((error: unknown) => {
      if (over.aborted || member.ending.signal.aborted) return
      member.failure = error
      member.artifact ||= 'unknown' // its sources can't be read
      if (member.doing === 'building') member.doing = undefined
      const isAlone = list().every(({ state }) => state === 'failed')
      const [what] = messageOf(error).split('\n')
      // who waits for the only one is told by an error
      if (isUp || !isAlone) onProgress(`${wish.deployment} failed, the rest goes on: ${what}`)
      show()
    })
  }

  async function bringUp(member: Member): Promise<void> {
    const { wish, ending } = member
    const { deployment } = wish
    const engine = engineOf(deployment)
    const signal = AbortSignal.any([over, ending.signal])
    const seen = (artifact: string) => {
      member.artifact = artifact
      artifacts.set(deployment, artifact)
      show()
    }
    seen(await artifactOf(engine))
    const program = await provideEngine(engine, { env, onProgress, signal })
    seen(program.artifact)
    // nobody builds the Node engine: a worker that is started again runs what its sources are then
    const looked = engine === 'node' ? async () => seen(await artifactOf(engine)) : undefined
    const specs = await engineSpecs(stack, { ...wish, program, dataDir })
    signal.throwIfAborted()
    member.names = specs.map(({ name }) => name)
    member.doing = undefined
    const starts = specs.map((spec) => supervisor.start(looked ? alsoBefore(spec, looked) : spec))
    await Promise.all(starts)
  }

  async function stop(id: DeploymentId) {
    const member = members.get(id)!
    member.doing = 'stopping'
    show()
    member.ending.abort()
    await Promise.all(member.names.map((name) => supervisor.remove(name)))
    await member.started
    members.delete(id)
    show()
  }

  async function look() {
    const found = await readWishes(dataDir)
    if (!found) {
      onProgress('engines.json is gone: written again, with what runs')
      return writeEngines(dataDir, wishes)
    }
    const isNew = found.version !== version
    wishes = found.engines
    const present = list().map(({ deployment, state }) => ({
      ...members.get(deployment)!.wish,
      state,
    }))
    const change = changesFor(wishes, present, { isNew })
    for (const id of change.stop) {
      onProgress(`${id} stops, as engines.json says`)
      void stop(id)
    }
    for (const wish of change.start) {
      if (members.has(wish.deployment)) continue
      if (version !== null) onProgress(`${wish.deployment} starts, as engines.json says`)
      start(wish)
    }
    version = found.version
    if (isNew) show()
    compare(pairOf(wishes, artifacts))
  }

  async function keepLooking() {
    while (!over.aborted) {
      try {
        await look()
        told = undefined
      } catch (error) {
        const why = messageOf(error)
        if (why !== told) onProgress(`${why}. What runs goes on`)
        told = why
      }
      await delay(LOOK_MS, undefined, { signal: over }).catch(() => {})
    }
  }
  const looking = keepLooking()

  return {
    list,
    async settled(ids) {
      const isSettled = (id: DeploymentId) =>
        list().some((e) => e.deployment === id && ['running', 'failed'].includes(e.state))
      await until(() => Promise.resolve(ids.every(isSettled)), over, SETTLED_POLL_MS)
      const failed = [...members.values()].find(({ failure }) => failure !== undefined)
      if (failed && list().every(({ state }) => state === 'failed')) throw failed.failure
      isUp = true
    },
    async close() {
      closing.abort()
      await looking
      // Maven, if it runs for one of them, is to have ended; those that have workers are the supervisor's
      const unborn = [...members.values()].filter(({ names }) => names.length === 0)
      await Promise.all(unborn.map(({ started }) => started))
    },
  }
}

const alsoBefore = (spec: ChildSpec, look: () => Promise<void>): ChildSpec => ({
  ...spec,
  async prepare() {
    await look()
    await spec.prepare?.()
  },
})
