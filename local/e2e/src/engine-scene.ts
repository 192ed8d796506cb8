import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  createKafka,
  createRegistry,
  groupOffsets,
  KafkaConfig,
  parseConfig,
  silentLog,
  type PartitionOffsets,
  type Registry,
} from '@order-up/kit'
import { GenerateOptions, runGenerator } from '@order-up/producer'
import {
  CURATED_SUBJECT,
  currentSchema,
  engineGroup,
  RAW_SUBJECT,
  RAW_TOPIC,
} from '@order-up/schemas'
import { startTestStack, type TestStack } from '@order-up/stack/testing'
import type { Kafka } from 'kafkajs'
import { assertExactlyOnce, truthOf, type Truth } from './oracle.ts'
import { startWorker, until, type WorkerProcess } from './worker-process.ts'

const GROUP = engineGroup('node-1')

/** A stack with raw flowing in, and workers that are killed with it. */
export class EngineScene {
  readonly stack: TestStack
  readonly kafka: Kafka
  readonly registry: Registry
  readonly dir: string
  readonly #workers: WorkerProcess[] = []
  readonly #closed = new AbortController()

  private constructor(stack: TestStack, dir: string) {
    this.stack = stack
    this.dir = dir
    const config = parseConfig(KafkaConfig, stack.kafkaConfig)
    this.kafka = createKafka(config, 'e2e', silentLog())
    this.registry = createRegistry(stack.registryUrl)
  }

  static async open(t: Pick<TestContext, 'after'>): Promise<EngineScene> {
    const stack = await startTestStack()
    const scene = new EngineScene(stack, await mkdtemp(join(tmpdir(), 'order-up-e2e-')))
    t.after(() => scene.close())
    return scene
  }

  async worker(instance: string, env: Record<string, string> = {}): Promise<WorkerProcess> {
    const worker = await startWorker('engine-node/src/main.ts', {
      ...this.stack.kafkaConfig,
      INSTANCE: instance,
      WORKERS: '1', // what is stopped or killed is what works
      STATE_DIR: join(this.dir, 'state'),
      LOG_LEVEL: 'info',
      FLUSH_INTERVAL_MS: '500',
      TRANSPORT: process.env['TRANSPORT'] ?? 'auto', // `TRANSPORT=native npm test` runs all of it on the other
      ...env,
    })
    this.#workers.push(worker)
    return worker
  }

  /** Sends so many orders' events, duplicates, late events and malformed records. */
  produce(seed: number, orders: number, rate: number): Promise<unknown> {
    const options = GenerateOptions.parse({
      seed,
      orders,
      rate,
      duplicates: 0.05,
      late: 0.1,
      malformed: 0.02,
    })
    const { kafka, registry } = this
    return runGenerator({ kafka, registry, options, signal: this.#closed.signal })
  }

  /** Per partition: the end of raw, and the offset that the deployment has committed. */
  async #offsets(): Promise<PartitionOffsets[]> {
    const admin = this.kafka.admin()
    await admin.connect()
    return groupOffsets(admin, GROUP, RAW_TOPIC).finally(() => admin.disconnect())
  }

  caughtUp(ms = 90_000): Promise<void> {
    return until(
      'the engine to catch up',
      async () => (await this.#offsets()).every(({ high, committed }) => high === (committed ?? 0)),
      ms,
    )
  }

  /** Curated and dead letters are exactly what raw asks for. */
  async assertExactlyOnce(): Promise<Truth> {
    const truth = await truthOf(this.kafka, await this.registry.subjectIds(RAW_SUBJECT))
    const curatedId = await this.registry.idOf(CURATED_SUBJECT, currentSchema(CURATED_SUBJECT))
    await assertExactlyOnce(this.kafka, truth, curatedId)
    return truth
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all(
      this.#workers.map(async (worker) => {
        await worker.kill('SIGCONT')
        await worker.kill('SIGKILL')
      }),
    )
    await this.stack.stop()
    await rm(this.dir, { recursive: true, force: true })
  }
}
