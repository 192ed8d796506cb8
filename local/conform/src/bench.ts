import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { DeploymentId, Observation } from '@order-up/control'
import { asOnlyWriter, epochMessage, observe, readEpoch } from '@order-up/control/operations'
import {
  createKafka,
  createRegistry,
  KafkaConfig,
  openFetcher,
  parseConfig,
  silentLog,
  type Fetcher,
  type Registry,
} from '@order-up/kit'
import { createRandom, type Random } from '@order-up/producer'
import {
  CURATED_SUBJECT,
  currentSchema,
  ownedBuckets,
  RAW_SUBJECT,
  RAW_TOPIC,
  SHARES_TOPIC,
  type Engine,
  type SharesRecord,
} from '@order-up/schemas'
import { freePort, startStack, type EngineProgram, type Env, type Stack } from '@order-up/stack'
import { startEngine, type EngineProcess } from '@order-up/stack/testing'
import type { Admin, Kafka, Producer } from 'kafkajs'
import { Failed, must } from './check.ts'
import { TRAITS, type EngineTraits } from './engine-traits.ts'
import { problemsOf, unasked, type Owns } from './judge.ts'
import { Ledger, type RawEntry } from './ledger.ts'
import { startLoad, type Load } from './load.ts'
import { Outputs, type Output } from './outputs.ts'
import { generated, type Target } from './raw-records.ts'
import { openRegistryGate, type RegistryGate } from './registry-gate.ts'
import { Truth, type Expected } from './truth.ts'

export const PARTITIONS = 4
/** After which a group gives a silent member's partitions away. */
export const SESSION_MS = 3_000
/** For an engine to start, take over or catch up, on a machine that has other things to do. */
const PATIENCE_MS = 60_000
const STOP_MS = 10_000
const POLL_MS = 50
const CHUNK = 2_000
const LOAD_PER_SECOND = 1_500
/** Owns what the engine under test does not; nobody runs it. */
const OTHER: Readonly<Record<Engine, DeploymentId>> = {
  node: 'flink-2',
  flink: 'node-2',
  'kafka-streams': 'node-2',
}

export interface BenchOptions {
  program: EngineProgram
  seed: number
  env: Env
  signal: AbortSignal
  onProgress(line: string): void
}

interface Parts {
  stack: Stack
  dir: string
  gate: RegistryGate
  kafka: Kafka
  registry: Registry
  admin: Admin
  fetcher: Fetcher
  producer: Producer
  target: Target
  curatedId: number
}

/** A stack of its own and the engine on it: what checks write with, wait for and judge by. */
export class Bench {
  readonly deployment: DeploymentId
  readonly traits: EngineTraits
  readonly random: Random
  readonly signal: AbortSignal
  readonly stack: Stack
  readonly kafka: Kafka
  readonly registry: Registry
  readonly admin: Admin
  readonly fetcher: Fetcher
  readonly gate: RegistryGate
  readonly target: Target
  readonly curatedId: number
  readonly ledger = new Ledger()
  readonly truth: Truth
  readonly outputs: Outputs
  /** the newest epoch; undefined = none was written */
  epoch: SharesRecord | undefined
  readonly #program: EngineProgram
  readonly #dir: string
  readonly #producer: Producer
  readonly #engines = new Map<string, EngineProcess>()
  readonly #loads: Load[] = []
  #logs = ''
  #loadCount = 0
  #lastRaw = new Map<string, number>()

  private constructor(o: BenchOptions, parts: Parts) {
    this.#program = o.program
    this.signal = o.signal
    this.random = createRandom(o.seed)
    this.deployment = `${o.program.engine}-1`
    this.traits = TRAITS[o.program.engine]
    this.#dir = parts.dir
    this.#producer = parts.producer
    this.stack = parts.stack
    this.kafka = parts.kafka
    this.registry = parts.registry
    this.admin = parts.admin
    this.fetcher = parts.fetcher
    this.gate = parts.gate
    this.target = parts.target
    this.curatedId = parts.curatedId
    this.truth = new Truth(parts.fetcher, this.ledger)
    this.outputs = new Outputs(parts.fetcher, this.deployment)
  }

  /** Starts broker and registry, with all topics and an epoch that gives the engine everything. No engine runs yet. */
  static async open(o: BenchOptions): Promise<Bench> {
    const dir = await mkdtemp(join(tmpdir(), 'order-up-conform-'))
    let stack: Stack | undefined
    try {
      stack = await startStack({
        dataDir: join(dir, 'stack'),
        kafkaPort: await freePort(),
        registryPort: await freePort(),
        partitions: PARTITIONS,
        owner: `${o.program.engine}-1`,
        env: o.env,
        onProgress: o.onProgress,
        signal: o.signal,
      })
      const config = parseConfig(KafkaConfig, stack.kafkaConfig)
      const kafka = createKafka(config, 'order-up.conform', silentLog())
      const registry = createRegistry(stack.registryUrl)
      const admin = kafka.admin()
      const producer = kafka.producer({ idempotent: true, allowAutoTopicCreation: false })
      const [schemaId, curatedId, gate, fetcher] = await Promise.all([
        registry.idOf(RAW_SUBJECT, currentSchema(RAW_SUBJECT)),
        registry.idOf(CURATED_SUBJECT, currentSchema(CURATED_SUBJECT)),
        openRegistryGate(stack.registryUrl),
        openFetcher(kafka),
        admin.connect(),
        producer.connect(),
      ])
      const target = { partitions: PARTITIONS, schemaId }
      const parts = { stack, dir, gate, kafka, registry, admin, fetcher, producer, target }
      const bench = new Bench(o, { ...parts, curatedId })
      bench.epoch = (await readEpoch(fetcher))?.record
      return bench
    } catch (error) {
      await stack?.stop()
      await rm(dir, { recursive: true, force: true })
      throw error
    }
  }

  /** The engine's processes, by instance. */
  get engines(): ReadonlyMap<string, EngineProcess> {
    return this.#engines
  }

  /** All that the engine's processes have said since the last call, each run under a heading. */
  takeLogs(): string {
    const running = [...this.#engines].map(([instance, engine]) => heading(instance, engine))
    const logs = this.#logs + running.join('')
    this.#logs = ''
    return logs
  }

  /** Starts an instance; it need not be healthy yet. */
  async start(instance: string, env: Record<string, string> = {}): Promise<EngineProcess> {
    this.signal.throwIfAborted()
    const engine = await startEngine(this.#program, {
      deployment: this.deployment,
      instance,
      stateDir: join(this.#dir, 'state'),
      env: {
        KAFKA_BROKERS: this.stack.brokers,
        SCHEMA_REGISTRY_URL: this.gate.url,
        SESSION_TIMEOUT_MS: String(SESSION_MS),
        LOG_LEVEL: 'info',
        ...this.traits.env,
        ...env,
      },
    })
    this.#engines.set(instance, engine)
    return engine
  }

  /** One instance runs (or so many), everything is the engine's, and all of raw is done. */
  async ready(instances = 1): Promise<void> {
    if (!this.epoch || !ownedBuckets(this.epoch, this.deployment).every(Boolean))
      await this.writeEpoch([[0, 99]])
    for (const instance of INSTANCES.slice(instances))
      if (this.#engines.has(instance)) await this.stop(instance)
    for (const instance of INSTANCES.slice(0, instances))
      if (!this.#engines.has(instance)) await this.start(instance)
    await this.epochTaken()
  }

  /** SIGTERM. @throws Failed unless it exits with 0, soon */
  async stop(instance: string): Promise<void> {
    const engine = this.#engines.get(instance)!
    const began = performance.now()
    const late = setTimeout(() => void engine.kill('SIGKILL'), 2 * STOP_MS)
    const code = await engine.kill('SIGTERM')
    clearTimeout(late)
    this.drop(instance)
    const seconds = (performance.now() - began) / 1_000
    must(code === 0, `SIGTERM: expected exit code 0, seen ${code ?? 'SIGKILL, after 20 s'}`)
    must(
      seconds * 1_000 < STOP_MS,
      `SIGTERM: expected an exit within ${STOP_MS / 1_000} s, seen after ${seconds.toFixed(1)} s`,
    )
  }

  async stopAll(): Promise<void> {
    for (const instance of [...this.#engines.keys()]) await this.stop(instance)
  }

  async kill(instance: string): Promise<void> {
    await this.#engines.get(instance)!.kill('SIGKILL')
    this.drop(instance)
  }

  /** Of an instance that has exited: its log is kept, the next one may have its name. */
  drop(instance: string): void {
    const engine = this.#engines.get(instance)
    if (engine) this.#logs += heading(instance, engine)
    this.#engines.delete(instance)
  }

  /** @throws Failed unless it exits by itself with 1 and says so */
  async exitsSaying(instance: string, wanted: RegExp): Promise<void> {
    const engine = this.#engines.get(instance)!
    const late = delay(PATIENCE_MS, 'late' as const, { ref: false, signal: this.signal })
    const code = await Promise.race([engine.exited, late])
    must(code !== 'late', `expected it to stop with exit code 1, but it goes on`)
    const said = engine.stderr()
    this.drop(instance)
    must(code === 1, `expected exit code 1, seen ${code}`)
    must(wanted.test(said), `expected ${wanted} in its log, seen its last line: ${lastLine(said)}`)
  }

  /** Appends to raw, in the order given. */
  async write(entries: readonly RawEntry[]): Promise<void> {
    for (let i = 0; i < entries.length; i += CHUNK) {
      this.signal.throwIfAborted()
      const chunk = entries.slice(i, i + CHUNK)
      for (const entry of chunk) this.ledger.note(entry)
      await this.#send(chunk)
    }
  }

  async #send(entries: readonly RawEntry[]): Promise<void> {
    const messages = entries.map(({ key, value, partition, headers = {} }) => ({
      key,
      value,
      partition,
      headers,
    }))
    const until = Date.now() + PATIENCE_MS
    for (;;) {
      try {
        await this.#producer.send({ topic: RAW_TOPIC, acks: -1, messages })
        return
      } catch (error) {
        if (Date.now() > until || this.signal.aborted) throw error
        await delay(POLL_MS)
      }
    }
  }

  /** Orders that live side by side with duplicates, late events and malformed records, until it is stopped. */
  load(): Load {
    const mix = { orders: Infinity, duplicates: 0.05, late: 0.1, malformed: 0.02 }
    const seed = this.random.uint32() * 1_000 + ++this.#loadCount
    const records = generated({ ...mix, seed }, this.target, Date.now)
    const load = startLoad(records, LOAD_PER_SECOND, (entries) => this.write(entries))
    this.#loads.push(load)
    return load
  }

  /** What a gate sees of the engine. */
  observe(): Promise<Observation> {
    const { admin, fetcher } = this
    return observe({ admin, fetcher }, undefined, [this.deployment])
  }

  /** Raw records that the engine has committed, or may pass over. */
  async committed(): Promise<readonly number[]> {
    return (await this.observe()).deployments[this.deployment]!.committed
  }

  /** Waits until so. @throws Failed with what it waited for; at once where an engine has exited meanwhile */
  async until(what: string, is: () => Promise<boolean | string>, ms = PATIENCE_MS): Promise<void> {
    const deadline = Date.now() + ms
    for (;;) {
      this.signal.throwIfAborted()
      const seen = await is().catch(unlessKafkaIsAway)
      if (seen === true) return
      const gone = await this.#exited()
      if (gone) throw new Failed(`expected ${what}, seen the engine exit: ${gone}`)
      if (Date.now() > deadline) {
        const last = typeof seen === 'string' ? `: ${seen}` : ''
        throw new Failed(`expected ${what} within ${ms / 1_000} s, seen it go without${last}`)
      }
      await delay(POLL_MS)
    }
  }

  async #exited(): Promise<string | undefined> {
    for (const [instance, engine] of this.#engines) {
      const code = await Promise.race([engine.exited, delay(0, undefined, { ref: false })])
      if (code === undefined) continue
      this.drop(instance)
      return `exit code ${code}; its last line: ${lastLine(engine.stderr())}`
    }
    return undefined
  }

  /** The engine's committed offset reaches the end of raw on every partition, as a gate reads both. */
  caughtUp(ms?: number): Promise<void> {
    return this.until(
      "the group's committed offsets to reach the end of raw",
      async () => {
        const { ends, deployments } = await this.observe()
        const { committed } = deployments[this.deployment]!
        return ends.every((end, p) => committed[p]! >= end) || `committed ${committed} of ${ends}`
      },
      ms,
    )
  }

  /** At least so many more raw records are committed, of every partition that has got any. */
  async progress(records: number): Promise<void> {
    const from = await this.#sumCommitted()
    await this.until(`${records} more raw records to be committed`, async () => {
      const now = await this.#sumCommitted()
      return now >= from + records || `${now - from} more`
    })
  }

  async #sumCommitted(): Promise<number> {
    let sum = 0
    await this.until('committed offsets that can be read', async () => {
      sum = (await this.committed()).reduce((a, b) => a + b, 0)
      return true
    })
    return sum
  }

  /** Gives the engine these ranges of buckets, and all others to nobody who runs. */
  async writeEpoch(own: [number, number][]): Promise<void> {
    const epoch = (this.epoch?.epoch ?? 0) + 1
    const owned = ownedBuckets({ epoch, shares: { x: own }, swap: null }, 'x')
    const others = owned.flatMap((isOwn, b): [number, number][] => (isOwn ? [] : [[b, b]]))
    const shares = { [this.deployment]: own, [OTHER[this.#program.engine]]: others }
    const record = { epoch, shares, swap: null, previous: null }
    const seen = await readEpoch(this.fetcher)
    await asOnlyWriter(this.kafka, this.fetcher, seen, (write) => write([epochMessage(record)]))
    this.epoch = record
  }

  /** Every instance has reported the newest epoch. */
  epochTaken(): Promise<void> {
    return this.until(`a report of epoch ${this.epoch?.epoch} by every instance`, async () => {
      const { instances } = (await this.observe()).deployments[this.deployment]!
      const all = instances.every(({ epoch }) => epoch === this.epoch?.epoch)
      if (all && instances.length >= Math.max(1, this.#engines.size)) return true
      const list = instances.map(({ instance, epoch }) => `${instance} at ${epoch ?? 'none'}`)
      return list.join(', ') || 'no instance'
    })
  }

  /** The shares topic as before the first deploy. No engine may run. */
  async emptyShares(): Promise<void> {
    await this.admin.deleteTopics({ topics: [SHARES_TOPIC] })
    await this.until(
      'the shares topic to be gone',
      async () => !(await this.admin.listTopics()).includes(SHARES_TOPIC),
    )
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
    await this.admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic: SHARES_TOPIC, numPartitions: 1, configEntries }],
    })
    await this.until('the shares topic to be led', async () => {
      await this.fetcher.lastStableOffsets(SHARES_TOPIC)
      return true
    })
    this.epoch = undefined
  }

  /**
   * Waits until the engine has committed all of raw, and judges everything that it has written since the last time.
   * @param owns default: as the newest epoch says
   * @throws Failed with each difference
   */
  async judge(owns?: Owns): Promise<{ expected: Expected[]; outputs: Output[] }> {
    await this.caughtUp()
    const owned = this.epoch ? ownedBuckets(this.epoch, this.deployment) : []
    const rules = {
      deployment: this.deployment,
      curatedId: this.curatedId,
      owns: owns ?? ((bucket: number) => owned[bucket] === true),
    }
    const expected = await this.truth.advance()
    const outputs = await this.outputs.advance(
      AbortSignal.any([this.signal, AbortSignal.timeout(PATIENCE_MS)]),
    )
    const isNew = new Set(expected.map(({ record }) => `${record.partition}/${record.offset}`))
    const problems = expected.flatMap((one) => {
      const seen = this.outputs.seen.get(`${one.record.partition}/${one.record.offset}`) ?? []
      return problemsOf(one, seen, rules)
    })
    for (const output of outputs) {
      if (isNew.has(output.ofRaw)) continue
      const before = this.truth.expected.get(output.ofRaw)
      if (before)
        problems.push(
          ...problemsOf(before, this.outputs.seen.get(output.ofRaw)!, {
            ...rules,
            owns: () => 'either',
          }),
        )
      else problems.push(unasked(output, rules))
    }
    problems.push(...this.#outOfOrder(outputs))
    if (problems.length > 0) throw new Failed(...problems)
    return { expected, outputs }
  }

  /** Rows of an order lie in each topic in the order of their versions, which is that of raw. */
  #outOfOrder(outputs: readonly Output[]): string[] {
    return outputs.flatMap(({ topic, partition, offset, key, ofRaw, isDeadLetter }) => {
      if (isDeadLetter) return []
      const order = `${topic} ${key?.toString()}`
      const raw = Number(ofRaw.split('/')[1])
      const last = this.#lastRaw.get(order) ?? -1
      this.#lastRaw.set(order, raw)
      return raw > last
        ? []
        : [
            `${topic} ${partition}/${offset}, order ${key?.toString()}: the row of raw ${ofRaw} stands after that of raw ${partition}/${last}, a later version`,
          ]
    })
  }

  /** Loads still running are stopped. */
  async quiet(): Promise<void> {
    await Promise.allSettled(this.#loads.splice(0).map((load) => load.stop()))
  }

  /** Whether the engine still does its work: a check that failed may have left it stuck. */
  async isWell(): Promise<boolean> {
    try {
      if (this.#engines.size === 0) return true
      await this.caughtUp(5_000)
      return true
    } catch {
      return false
    }
  }

  /** Kills what runs, and deletes everything. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#engines].map(async ([instance, engine]) => {
        await engine.kill('SIGCONT')
        await engine.kill('SIGKILL')
        this.drop(instance)
      }),
    )
    await this.quiet()
    await Promise.allSettled([
      this.fetcher.close(),
      this.admin.disconnect(),
      this.#producer.disconnect(),
      this.gate.close(),
    ])
    await this.stack.stop()
    await rm(this.#dir, { recursive: true, force: true })
  }
}

const INSTANCES = ['a', 'b']

const heading = (instance: string, engine: EngineProcess) =>
  `--- instance ${instance}, pid ${engine.pid}\n${engine.stdout()}${engine.stderr()}`

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1)!.slice(0, 500) || 'none'

/** A broker that is away, or coming up, is waited for. */
function unlessKafkaIsAway(error: unknown): string {
  if (error instanceof Error && /^KafkaJS|RetryableError/.test(error.name)) return error.message
  throw error
}
