import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { DeploymentId } from '@order-up/control'
import { readVerdict } from '@order-up/control/operations'
import {
  createKafka,
  createRegistry,
  KafkaConfig,
  parseConfig,
  silentLog,
  type Registry,
} from '@order-up/kit'
import { Report, reportLines } from '@order-up/parity'
import { GenerateOptions, runGenerator } from '@order-up/producer'
import {
  CURATED_SUBJECT,
  currentSchema,
  DLQ_HEADERS,
  encodeCurated,
  engineGroup,
  RAW_SUBJECT,
  RAW_TOPIC,
  ROW_HEADERS,
  shadowDlqTopic,
  shadowTopic,
  type CuratedOrder,
} from '@order-up/schemas'
import { startTestStack, type TestStack } from '@order-up/stack/testing'
import type { Kafka, Message, Transaction } from 'kafkajs'
import { truthOf, type Truth } from './oracle.ts'
import { startWorker, until, type WorkerProcess } from './worker-process.ts'

const REPORT_MS = 300

/** What an engine made of raw, as a test has it written. */
interface Writing {
  deployment: DeploymentId
  /** default: as it is; null = it is left out */
  row?: (row: CuratedOrder, place: { partition: number; offset: number }) => CuratedOrder | null
  /** order in which a partition's rows are written; default: raw's */
  order?: (messages: Message[]) => Message[]
  /** default: all of raw */
  commitsTo?: (end: number) => number
}

/** A broker with raw, what engines write to it, and comparers of that. */
export class ParityScene {
  readonly stack: TestStack
  readonly kafka: Kafka
  readonly registry: Registry
  readonly dir: string
  readonly #workers: WorkerProcess[] = []

  private constructor(stack: TestStack, dir: string) {
    this.stack = stack
    this.dir = dir
    this.kafka = createKafka(parseConfig(KafkaConfig, stack.kafkaConfig), 'e2e', silentLog())
    this.registry = createRegistry(stack.registryUrl)
  }

  static async open(t: Pick<TestContext, 'after'>): Promise<ParityScene> {
    const stack = await startTestStack()
    const scene = new ParityScene(stack, await mkdtemp(join(tmpdir(), 'order-up-e2e-')))
    t.after(() => scene.#close())
    return scene
  }

  /** Appends so many orders' events to raw, duplicates, late and malformed ones among them. */
  produce(seed: number, orders: number): Promise<unknown> {
    const { kafka, registry } = this
    const options = { seed, orders, rate: 0, duplicates: 0.05, late: 0.1, malformed: 0.02 }
    return runGenerator({
      kafka,
      registry,
      options: GenerateOptions.parse(options),
      signal: new AbortController().signal,
    })
  }

  async truth(): Promise<Truth> {
    return truthOf(this.kafka, await this.registry.subjectIds(RAW_SUBJECT))
  }

  /** Writes, in one transaction, what a deployment without buckets would. */
  async write(truth: Truth, writing: Writing): Promise<void> {
    const { deployment, order = (all) => all, commitsTo = (end) => end } = writing
    await this.transact(`${deployment}-test`, async (transaction) => {
      for (const [partition, rows] of truth.rows) {
        const messages = rows.flatMap(({ offset, row }) => {
          const written = writing.row ? writing.row(row, { partition, offset }) : row
          return written ? [this.#rowMessage(deployment, partition, offset, written)] : []
        })
        await transaction.send({
          topic: shadowTopic(deployment),
          messages: order(await Promise.all(messages)),
        })
      }
      const letters = [...truth.deadLetters].flatMap(([partition, list]) =>
        list.map(({ offset, reason }) => letterMessage(deployment, partition, offset, reason)),
      )
      if (letters.length > 0)
        await transaction.send({ topic: shadowDlqTopic(deployment), messages: letters })
      await transaction.sendOffsets({
        consumerGroupId: engineGroup(deployment),
        topics: [
          {
            topic: RAW_TOPIC,
            partitions: (await this.#rawEnds()).map(({ partition, end }) => ({
              partition,
              offset: String(commitsTo(end)),
            })),
          },
        ],
      })
    })
  }

  async transact(
    transactionalId: string,
    work: (transaction: Transaction) => Promise<void>,
    end: 'commit' | 'abort' = 'commit',
  ): Promise<void> {
    const producer = this.kafka.producer({
      transactionalId,
      maxInFlightRequests: 1,
      idempotent: true,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition!,
    })
    await producer.connect()
    try {
      const transaction = await producer.transaction()
      await work(transaction)
      await transaction[end]()
    } finally {
      await producer.disconnect()
    }
  }

  async rowMessage(
    deployment: DeploymentId,
    partition: number,
    offset: number,
    row: CuratedOrder,
  ): Promise<Message> {
    return this.#rowMessage(deployment, partition, offset, row)
  }

  async #rowMessage(
    deployment: string,
    partition: number,
    offset: number,
    row: CuratedOrder,
  ): Promise<Message> {
    return {
      partition,
      key: row.order_id,
      value: encodeCurated(row, await this.#curatedId()),
      headers: {
        [ROW_HEADERS.engine]: deployment,
        [ROW_HEADERS.partition]: String(partition),
        [ROW_HEADERS.offset]: String(offset),
      },
    }
  }

  #idOfCurated: Promise<number> | undefined
  #curatedId(): Promise<number> {
    this.#idOfCurated ??= this.registry.idOf(CURATED_SUBJECT, currentSchema(CURATED_SUBJECT))
    return this.#idOfCurated
  }

  async #rawEnds() {
    const admin = this.kafka.admin()
    await admin.connect()
    const offsets = await admin.fetchTopicOffsets(RAW_TOPIC).finally(() => admin.disconnect())
    return offsets.map(({ partition, high }) => ({ partition, end: Number(high) }))
  }

  async engine(deployment: DeploymentId): Promise<WorkerProcess> {
    return this.#start('engine-node/src/main.ts', {
      WORKERS: '1',
      DEPLOYMENT: deployment,
      INSTANCE: 'a',
      STATE_DIR: join(this.dir, 'state', deployment),
    })
  }

  async comparer(
    ids: readonly [DeploymentId, DeploymentId],
    env: Record<string, string> = {},
  ): Promise<WorkerProcess> {
    return this.#start('parity/src/main.ts', {
      DEPLOYMENTS: ids.join(','),
      ARTIFACTS: ids.map((id) => `artefact of ${id}`).join(','),
      VERDICTS_URL: join(this.dir, 'verdicts'),
      REPORT_INTERVAL_MS: String(REPORT_MS),
      FLOOR_ROWS: '100',
      FLOOR_ORDERS: '20',
      STALL_MS: '1500',
      ...env,
    })
  }

  async #start(module: string, env: Record<string, string>): Promise<WorkerProcess> {
    const worker = await startWorker(module, {
      ...this.stack.kafkaConfig,
      LOG_LEVEL: 'warn',
      ...env,
    })
    this.#workers.push(worker)
    return worker
  }

  report(ids: readonly [DeploymentId, DeploymentId]): Promise<Report | undefined> {
    return readVerdict(join(this.dir, 'verdicts'), ids, Report)
  }

  /** Waits for a report of which `holds` is true. @throws with the last one */
  async untilReport(
    ids: readonly [DeploymentId, DeploymentId],
    what: string,
    holds: (report: Report) => boolean,
    ms = 40_000,
  ): Promise<Report> {
    let last: Report | undefined
    const seen = async () => {
      last = await this.report(ids)
      return last !== undefined && holds(last)
    }
    await until(what, seen, ms).catch((cause: unknown) => {
      throw new Error(`${what}:\n${last ? reportLines(last).join('\n') : 'no report'}`, { cause })
    })
    return last!
  }

  async #close(): Promise<void> {
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

const letterMessage = (
  deployment: string,
  partition: number,
  offset: number,
  reason: string,
): Message => ({
  partition,
  key: `key ${offset}`,
  value: `value ${offset}`,
  headers: {
    [DLQ_HEADERS.reason]: reason,
    [DLQ_HEADERS.detail]: `as ${deployment} says it`,
    [DLQ_HEADERS.topic]: RAW_TOPIC,
    [DLQ_HEADERS.partition]: String(partition),
    [DLQ_HEADERS.offset]: String(offset),
    [DLQ_HEADERS.engine]: deployment,
  },
})
