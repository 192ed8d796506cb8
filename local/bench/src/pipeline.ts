import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  createKafka,
  createRegistry,
  groupOffsets,
  openFetcher,
  KafkaConfig,
  parseConfig,
  silentLog,
  type Registry,
} from '@order-up/kit'
import { createRawSender, GenerateOptions, runGenerator } from '@order-up/producer'
import type { OrderEvent } from '@order-up/schemas'
import { startTestStack, type TestStack } from '@order-up/stack/testing'
import type { Kafka } from 'kafkajs'
import { startWorker, type MeasuredWorker } from './worker.ts'

/** as `npm start` has it */
export const PARTITIONS = 4

/** The time from the first tenth of the records to the last, and how many that were. */
export interface Drained {
  eventsPerSecond: number
  seconds: number
}

/** A broker and a registry of their own, and what can be let loose on them. */
export class Pipeline implements AsyncDisposable {
  readonly kafka: Kafka
  readonly registry: Registry
  /** where workers keep what they keep; goes with the pipeline */
  readonly dir: string
  readonly #stack: TestStack
  readonly #workers: MeasuredWorker[] = []

  private constructor(stack: TestStack, dir: string) {
    this.#stack = stack
    this.dir = dir
    this.kafka = createKafka(parseConfig(KafkaConfig, stack.kafkaConfig), 'bench', silentLog())
    this.registry = createRegistry(stack.registryUrl)
  }

  static async open(): Promise<Pipeline> {
    return new Pipeline(
      await startTestStack({ partitions: PARTITIONS }),
      await mkdtemp(join(tmpdir(), 'order-up-bench-')),
    )
  }

  get brokers(): string {
    return this.#stack.brokers
  }

  /** by which a worker reaches Kafka and the registry */
  get env(): Readonly<Record<string, string>> {
    return this.#stack.kafkaConfig
  }

  get brokerPid(): number {
    return this.#stack.supervisor.status().find(({ name }) => name === 'broker')!.pid!
  }

  /** Generates well-formed events, as fast as possible unless told otherwise. */
  async generate(
    options: Partial<GenerateOptions> & { seed: number; orders: number },
    signal = new AbortController().signal,
  ): Promise<number> {
    const { kafka, registry } = this
    const clean = { rate: 0, duplicates: 0, late: 0, malformed: 0 }
    const { total } = await runGenerator({
      kafka,
      registry,
      options: GenerateOptions.parse({ ...clean, ...options }),
      signal,
    })
    return total
  }

  /** Sends `count` events made by index. */
  async feed(count: number, eventAt: (index: number) => OrderEvent): Promise<void> {
    const { kafka, registry } = this
    const sender = await createRawSender({ kafka, registry })
    const BATCH = 4_000
    let sent: Promise<unknown> = Promise.resolve()
    for (let start = 0; start < count; start += BATCH) {
      const size = Math.min(BATCH, count - start)
      const batch = Array.from({ length: size }, (_, i) => sender.messageOf(eventAt(start + i)))
      await sent // one batch on its way while the next is made
      sent = sender.send(batch)
    }
    await sent
    await sender.close()
  }

  /** An engine worker; the same name has the same state again. */
  engine(instance = 'a'): Promise<MeasuredWorker> {
    return this.#start('engine-node/src/main.ts', {
      INSTANCE: instance,
      WORKERS: '1',
      STATE_DIR: join(this.dir, 'state'),
    })
  }

  ingest(): Promise<MeasuredWorker> {
    return this.#start('producer/src/main.ts', {})
  }

  sink(): Promise<MeasuredWorker> {
    return this.#start('sink/src/main.ts', {
      WAREHOUSE: `duckdb:${join(this.dir, 'sink.duckdb')}`,
    })
  }

  /** Its verdict is written all the time, to the folder `verdicts`. */
  comparer(deployments: readonly [string, string]): Promise<MeasuredWorker> {
    return this.#start('parity/src/main.ts', {
      DEPLOYMENTS: deployments.join(),
      ARTIFACTS: 'a,b',
      VERDICTS_URL: join(this.dir, 'verdicts'),
      REPORT_INTERVAL_MS: '250',
    })
  }

  async #start(module: string, env: Record<string, string>): Promise<MeasuredWorker> {
    const worker = await startWorker(module, { ...this.env, ...env })
    this.#workers.push(worker)
    return worker
  }

  /** by partition, of a topic that no transaction writes to */
  readonly ends = async (topic: string): Promise<number[]> => {
    const fetcher = await openFetcher(this.kafka)
    return fetcher.highWatermarks(topic).finally(() => fetcher.close())
  }

  async progress(groupId: string, topic: string): Promise<{ total: number; committed: number }> {
    const admin = this.kafka.admin()
    await admin.connect()
    const offsets = await groupOffsets(admin, groupId, topic).finally(() => admin.disconnect())
    return {
      total: offsets.reduce((sum, { high }) => sum + high, 0),
      committed: offsets.reduce((sum, { low, committed }) => sum + (committed ?? low), 0),
    }
  }

  /**
   * Waits until the group has committed all of the topic.
   * @param allowance offsets at the end that nobody commits: transaction markers
   */
  async drain(groupId: string, topic: string, allowance = 0): Promise<Drained> {
    const start = performance.now()
    const { committed: before } = await this.progress(groupId, topic)
    let mark: { at: number; committed: number } | undefined
    for (;;) {
      const { total, committed } = await this.progress(groupId, topic)
      const at = performance.now()
      if (committed - before >= (total - before) / 10) mark ??= { at, committed }
      if (mark && committed >= total - allowance) {
        return {
          eventsPerSecond: Math.round(((committed - mark.committed) / (at - mark.at)) * 1_000),
          seconds: (at - start) / 1_000,
        }
      }
      await delay(100)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop('SIGKILL')))
    await this.#stack.stop()
    await rm(this.dir, { recursive: true, force: true })
  }
}
