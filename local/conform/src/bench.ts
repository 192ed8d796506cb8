import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { DeploymentId, Observation } from '@order-up/control'
import { observe } from '@order-up/control/operations'
import { createRandom, type Random } from '@order-up/producer'
import { RAW_TOPIC } from '@order-up/schemas'
import { freePort, startStack, type EngineProgram, type Env } from '@order-up/stack'
import { Failed } from './check.ts'
import { EngineRuns } from './engine-runs.ts'
import { TRAITS, type EngineTraits } from './engine-traits.ts'
import type { Owns } from './judge.ts'
import { Judging, type Judged } from './judging.ts'
import { Ledger, type RawEntry } from './ledger.ts'
import { startLoad, type Load } from './load.ts'
import type { Wait } from './outputs.ts'
import { generated, type Target } from './raw-records.ts'
import { connect, PARTITIONS, type Rig } from './rig.ts'
import { SharesTopic } from './shares-topic.ts'

const INSTANCES = ['a', 'b']
/** After which a group gives a silent member's partitions away. */
export const SESSION_MS = 3_000
/** For an engine to start, take over or catch up, on a machine that has much else to do: only a failure takes so long. */
const PATIENCE_MS = 120_000
const POLL_MS = 50
const CHUNK = 2_000
const LOAD_PER_SECOND = 1_500

export interface BenchOptions {
  program: EngineProgram
  seed: number
  env: Env
  signal: AbortSignal
  onProgress(line: string): void
}

/** A stack of its own and the engine on it: what checks write with, wait for and judge by. */
export class Bench {
  readonly deployment: DeploymentId
  readonly traits: EngineTraits
  readonly random: Random
  readonly signal: AbortSignal
  readonly rig: Rig
  readonly target: Target
  readonly engines: EngineRuns
  readonly shares: SharesTopic
  readonly judging: Judging
  readonly ledger = new Ledger()
  readonly #loads: Load[] = []

  private constructor({ program, seed, signal }: BenchOptions, rig: Rig) {
    this.deployment = `${program.engine}-1`
    this.traits = TRAITS[program.engine]
    this.random = createRandom(seed)
    this.signal = signal
    this.rig = rig
    this.target = rig.target
    const { kafka, admin, fetcher, curatedId } = rig
    const { deployment, ledger } = this
    this.engines = new EngineRuns({
      program,
      deployment,
      stateDir: join(rig.dir, 'state'),
      env: {
        KAFKA_BROKERS: rig.stack.brokers,
        SCHEMA_REGISTRY_URL: rig.gate.url,
        SESSION_TIMEOUT_MS: String(SESSION_MS),
        ...this.traits.env,
      },
      signal,
    })
    this.shares = new SharesTopic({ kafka, admin, fetcher, deployment, wait: this.wait })
    this.judging = new Judging({ fetcher, ledger, deployment, curatedId })
  }

  /** Starts broker and registry, with all topics and an epoch that gives the engine everything. No engine runs yet. */
  static async open(o: BenchOptions): Promise<Bench> {
    const dir = await mkdtemp(join(tmpdir(), 'order-up-conform-'))
    try {
      const stack = await startStack({
        dataDir: join(dir, 'stack'),
        kafkaPort: await freePort(),
        registryPort: await freePort(),
        partitions: PARTITIONS,
        owner: `${o.program.engine}-1`,
        env: o.env,
        onProgress: o.onProgress,
        signal: o.signal,
      })
      try {
        const bench = new Bench(o, { dir, ...(await connect(stack)) })
        await bench.shares.read()
        return bench
      } catch (error) {
        await stack.stop()
        throw error
      }
    } catch (error) {
      await rm(dir, { recursive: true, force: true })
      throw error
    }
  }

  /** One instance runs (or so many), everything is the engine's, and all that was written before is judged. */
  async ready(instances = 1): Promise<void> {
    const { engines, shares } = this
    if (!shares.epoch || !shares.owned.every(Boolean)) await shares.write([[0, 99]])
    for (const instance of INSTANCES.slice(instances))
      if (engines.running.has(instance)) await engines.stop(instance)
    for (const instance of INSTANCES.slice(0, instances))
      if (!engines.running.has(instance)) await engines.start(instance)
    await this.epochTaken()
  }

  /** Appends to raw, in the order given. */
  async write(entries: readonly RawEntry[]): Promise<void> {
    for (let i = 0; i < entries.length; i += CHUNK) {
      const chunk = entries.slice(i, i + CHUNK)
      for (const entry of chunk) this.ledger.note(entry)
      const messages = chunk.map(({ meaning: _, ...message }) => message)
      const send = () => this.rig.producer.send({ topic: RAW_TOPIC, acks: -1, messages })
      await this.until('raw to take records', () => send().then(() => true))
    }
  }

  /** Orders that live side by side, with duplicates, late events and malformed records, until it is stopped. */
  load(): Load {
    const mix = { orders: Infinity, duplicates: 0.05, late: 0.1, malformed: 0.02 }
    const records = generated({ ...mix, seed: this.random.uint32() }, this.target, Date.now)
    const load = startLoad(records, LOAD_PER_SECOND, (entries) => this.write(entries))
    this.#loads.push(load)
    return load
  }

  /** What a gate sees of the engine. */
  observe(): Promise<Observation> {
    return observe(this.rig, undefined, [this.deployment])
  }

  /** By partition: where the engine is, as a gate sees it. */
  async committed(): Promise<readonly number[]> {
    let committed: readonly number[] = []
    await this.until('committed offsets that can be read', async () => {
      ;({ committed } = (await this.observe()).deployments[this.deployment]!)
      return true
    })
    return committed
  }

  /**
   * Waits until it is so; where it is not, `is` may say what is instead. A broker that is away is waited for.
   * @throws Failed after `ms`; at once where an engine has exited meanwhile
   */
  async until(what: string, is: () => Promise<boolean | string>, ms = PATIENCE_MS): Promise<void> {
    const deadline = Date.now() + ms
    for (;;) {
      this.signal.throwIfAborted()
      const seen = await is().catch(unlessKafkaIsAway)
      if (seen === true) return
      await this.engines.assertRunning(what)
      if (Date.now() > deadline)
        throw new Failed(`expected ${what} within ${ms / 1_000} s, seen ${seen || 'none of it'}`)
      await delay(POLL_MS)
    }
  }

  readonly wait: Wait = (what, is) => this.until(what, is)

  /** The engine's committed offset reaches the end of raw on every partition, as a gate reads both. */
  caughtUp(ms?: number): Promise<void> {
    const isThere = async () => {
      const { ends, deployments } = await this.observe()
      const { committed } = deployments[this.deployment]!
      if (ends.every((end, p) => committed[p]! >= end)) return true
      return `${committed.join()} of ${ends.join()}`
    }
    return this.until("the group's committed offsets to reach the end of raw", isThere, ms)
  }

  /** So many more raw records are committed. */
  async progress(records: number): Promise<void> {
    const sum = async () => (await this.committed()).reduce((a, b) => a + b, 0)
    const from = await sum()
    await this.until(`${records} more raw records to be committed`, async () => {
      const more = (await sum()) - from
      return more >= records || `${more}`
    })
  }

  /** Every partition is committed further than where raw ends now. */
  async everyPartitionMoves(): Promise<void> {
    const { ends } = await this.observe()
    await this.until(`every partition to be committed past ${ends.join()}`, async () => {
      const committed = await this.committed()
      return ends.every((end, p) => committed[p]! > end) || committed.join()
    })
  }

  /** Every instance has reported the newest epoch. */
  epochTaken(): Promise<void> {
    const wanted = this.shares.epoch?.epoch
    return this.until(`a report of epoch ${wanted} by every instance`, async () => {
      const { instances } = (await this.observe()).deployments[this.deployment]!
      const isAll = instances.length >= this.engines.running.size
      if (isAll && instances.every(({ epoch }) => epoch === wanted)) return true
      const list = instances.map(({ instance, epoch }) => `${instance} at ${epoch ?? 'none'}`)
      return list.join(', ') || 'no instance'
    })
  }

  /**
   * Waits until the engine has committed all of raw, and judges what it has written since the last time.
   * @param owns default: as the newest epoch says
   * @throws Failed with each difference
   */
  async judge(owns: Owns = (bucket) => this.shares.owned[bucket] === true): Promise<Judged> {
    await this.caughtUp()
    const { problems, ...judged } = await this.judging.next(owns, this.wait)
    if (problems.length > 0) throw new Failed(...problems)
    return judged
  }

  /** Loads that still run are stopped. */
  async quiet(): Promise<void> {
    await Promise.allSettled(this.#loads.splice(0).map((load) => load.stop()))
  }

  /** Whether the engine still does its work: a check that failed may have left it stuck. */
  async isWell(): Promise<boolean> {
    try {
      if (this.engines.running.size > 0) await this.caughtUp(5_000)
      return true
    } catch {
      return false
    }
  }

  /** Kills what runs, and deletes everything. */
  async close(): Promise<void> {
    const { fetcher, admin, producer, gate, stack, dir } = this.rig
    await this.engines.killAll()
    await this.quiet()
    await Promise.allSettled([
      fetcher.close(),
      admin.disconnect(),
      producer.disconnect(),
      gate.close(),
    ])
    await stack.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

function unlessKafkaIsAway(error: unknown): string {
  if (error instanceof Error && /^KafkaJS|RetryableError/.test(error.name)) return error.message
  throw error
}
