import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createKafka,
  createRegistry,
  groupOffsets,
  KafkaConfig,
  parseConfig,
  silentLog,
  type PartitionOffsets,
} from '@order-up/kit'
import {
  CURATED_SUBJECT,
  CURATED_TOPIC,
  currentSchema,
  encodeCurated,
  partitionOf,
  ROW_HEADERS,
  SINK_GROUP,
  type CuratedOrder,
} from '@order-up/schemas'
import { queryWarehouse } from '@order-up/sink'
import type { TestStack } from '@order-up/stack/testing'
import type { Admin, Kafka, Producer } from 'kafkajs'
import { startWorker, type WorkerProcess } from './worker-process.ts'

const PARTITIONS = 4

/** A curated topic that is written as an engine writes it, and sinks that are killed with the scene. */
export class SinkScene {
  readonly kafka: Kafka
  readonly stack: TestStack
  readonly dir: string
  readonly #schemaId: number
  #producer: Producer | undefined
  readonly #sinks: WorkerProcess[] = []
  #versions = new Map<string, number>()

  private constructor(stack: TestStack, dir: string, kafka: Kafka, schemaId: number) {
    this.stack = stack
    this.dir = dir
    this.kafka = kafka
    this.#schemaId = schemaId
  }

  static async open(stack: TestStack): Promise<SinkScene> {
    const kafka = createKafka(parseConfig(KafkaConfig, stack.kafkaConfig), 'e2e', silentLog())
    const registry = createRegistry(stack.registryUrl)
    const id = await registry.idOf(CURATED_SUBJECT, currentSchema(CURATED_SUBJECT))
    const dir = await mkdtemp(join(tmpdir(), 'order-up-sink-'))
    const scene = new SinkScene(stack, dir, kafka, id)
    return scene
  }

  async close() {
    await Promise.all(this.#sinks.map((sink) => sink.kill('SIGKILL')))
    await this.#producer?.disconnect()
    await rm(this.dir, { recursive: true, force: true })
  }

  get socket() {
    return join(this.dir, 'sink.sock')
  }

  get file() {
    return join(this.dir, 'warehouse.duckdb')
  }

  async sink(env: Record<string, string> = {}): Promise<WorkerProcess> {
    const sink = await startWorker('sink/src/main.ts', {
      ...this.stack.kafkaConfig,
      WAREHOUSE: `duckdb:${this.file}`,
      QUERY_SOCKET: this.socket,
      SINK_SESSION_TIMEOUT_MS: '6000',
      ...env,
    })
    this.#sinks.push(sink)
    return sink
  }

  /** The versions that were written and committed so far, which is what the table must come to. */
  get expected(): Record<string, number> {
    return Object.fromEntries([...this.#versions].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Writes the next version of each order in one transaction. @param commit false aborts it */
  async write(orders: readonly string[], { commit = true } = {}): Promise<void> {
    const versions = new Map(this.#versions)
    const messages = orders.map((order) => {
      const version = (versions.get(order) ?? 0) + 1
      versions.set(order, version)
      return {
        key: order,
        partition: partitionOf(Buffer.from(order), PARTITIONS),
        value: encodeCurated(rowOf(order, version), this.#schemaId),
        headers: {
          [ROW_HEADERS.engine]: 'node-1',
          [ROW_HEADERS.partition]: '2',
          [ROW_HEADERS.offset]: String(version),
        },
      }
    })
    const producer = (this.#producer ??= await this.#connect())
    try {
      const transaction = await producer.transaction()
      await transaction.send({ topic: CURATED_TOPIC, messages })
      if (!commit) return await transaction.abort()
      await transaction.commit()
      this.#versions = versions
    } catch (error) {
      this.#producer = undefined // the outcome is not known; a new producer settles it, and the rows are equal
      await producer.disconnect()
      throw error
    }
  }

  async #connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      transactionalId: `engine of ${this.dir}`,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    return producer
  }

  /** Writes bytes that no engine would. */
  async writeBytes(partition: number, value: Buffer | null): Promise<void> {
    const producer = this.kafka.producer()
    await producer.connect()
    await producer.send({ topic: CURATED_TOPIC, messages: [{ partition, key: 'x', value }] })
    await producer.disconnect()
  }

  async table(): Promise<Record<string, number>> {
    const { rows } = await queryWarehouse(
      this.socket,
      'SELECT ORDER_ID, VERSION FROM ORDERS ORDER BY ORDER_ID',
      { limit: 1_000_000 },
    )
    return Object.fromEntries(rows as [string, number][])
  }

  offsets(groupId = SINK_GROUP): Promise<PartitionOffsets[]> {
    return this.#admin((admin) => groupOffsets(admin, groupId, CURATED_TOPIC))
  }

  /** Passes over what no sink can. */
  async skipToEnd(): Promise<void> {
    const partitions = (await this.offsets()).map(({ partition, high }) => ({
      partition,
      offset: String(high),
    }))
    await this.#admin((admin) =>
      admin.setOffsets({ groupId: SINK_GROUP, topic: CURATED_TOPIC, partitions }),
    )
  }

  /** What retention does: the records of a partition below its end are gone. */
  async deleteRecords(partition: number): Promise<void> {
    // all that is there: an end that is asked for lies before what the last marker has not yet made visible
    const partitions = [{ partition, offset: '-1' }]
    await this.#admin(async (admin) => {
      await admin.fetchTopicOffsets(CURATED_TOPIC) // kafkajs deletes only where it knows the leaders
      await admin.deleteTopicRecords({ topic: CURATED_TOPIC, partitions })
    })
  }

  async #admin<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin()
    await admin.connect()
    return ask(admin).finally(() => admin.disconnect())
  }

  /** True once the group has read everything that there is, transaction markers included. */
  async caughtUp(groupId = SINK_GROUP): Promise<boolean> {
    const offsets = await this.offsets(groupId)
    return offsets.every(({ high, committed }) => high === (committed ?? 0))
  }
}

/** A function of (order, version), as the contract promises of every engine. */
function rowOf(order: string, version: number): CuratedOrder {
  const at = 1_700_000_000_000 + version
  return {
    order_id: order,
    status: 'CREATED',
    customer_id: `customer of ${order}`,
    currency: 'EUR',
    item_count: version,
    items_amount: version,
    shipping_amount: null,
    total_amount: version,
    paid_amount: 0,
    refunded_amount: 0,
    created_at: at,
    paid_at: null,
    shipped_at: null,
    delivered_at: null,
    cancelled_at: null,
    refunded_at: null,
    first_event_ts: at,
    last_event_ts: at,
    version,
    last_event_id: '00000000-0000-4000-8000-000000000000',
    schema_version: 1,
  }
}
