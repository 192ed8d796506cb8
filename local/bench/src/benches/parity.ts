import { setTimeout as delay } from 'node:timers/promises'
import { join } from 'node:path'
import { readVerdict } from '@order-up/control/operations'
import { Report } from '@order-up/parity'
import {
  CURATED_SUBJECT,
  CURATED_TOPIC,
  currentSchema,
  encodeCurated,
  engineGroup,
  partitionOf,
  RAW_TOPIC,
  ROW_HEADERS,
  shadowTopic,
  type CuratedOrder,
} from '@order-up/schemas'
import type { Message } from 'kafkajs'
import { round, type Bench, type Figures } from '../bench.ts'
import { created, orderId } from '../events.ts'
import { Pipeline } from '../pipeline.ts'

const ORDERS = 80_000
const PARTITIONS = 4
const ROWS_PER_TRANSACTION = 4_000
const DEPLOYMENTS = ['node-1', 'node-2'] as const

/** The comparer on what two engines have written: one to curated, one to its shadow topic. */
export const parity: Bench = {
  name: 'parity',
  about:
    '1M rows of 80k orders, written by two deployments before (curated and shadow), 4 partitions: the comparer from its ' +
    'start to the verdict on all of them',
  run: compareAll,
}

async function compareAll(
  say: (line: string) => void,
  { quick }: { quick: boolean },
): Promise<Figures | undefined> {
  const count = quick ? 40_000 : 1_000_000
  await using pipeline = await Pipeline.open()
  await pipeline.feed(count, (i) => created(i % ORDERS, i))
  say(`${count} events in raw`)
  for (const deployment of DEPLOYMENTS) await writeRows(pipeline, deployment, count)
  say('the rows of both are written')

  const start = performance.now()
  const worker = await pipeline.comparer(DEPLOYMENTS)
  const verdicts = join(pipeline.dir, 'verdicts')
  let report: Report | undefined
  do {
    await delay(50)
    report = await readVerdict(verdicts, DEPLOYMENTS, Report)
  } while ((report?.rows.equal ?? 0) < count)
  const seconds = (performance.now() - start) / 1_000
  const { cpuSeconds, peakRssMiB } = worker.usage()
  const figures = {
    rows: count,
    'compared, rows/s': Math.round(count / seconds),
    'read, records/s': Math.round((3 * count) / seconds),
    'CPU-s per 1M rows': round((cpuSeconds / count) * 1e6, 1),
    'peak RSS MiB': peakRssMiB,
  }
  if (!quick) return figures
  say(JSON.stringify(figures))
  return undefined
}

/** As an engine would: in transactions, and with its offsets in the end. The first of the two owns everything. */
async function writeRows(
  pipeline: Pipeline,
  deployment: (typeof DEPLOYMENTS)[number],
  count: number,
): Promise<void> {
  const topic = deployment === DEPLOYMENTS[0] ? CURATED_TOPIC : shadowTopic(deployment)
  const schemaId = await pipeline.registry.idOf(CURATED_SUBJECT, currentSchema(CURATED_SUBJECT))
  const producer = pipeline.kafka.producer({
    transactionalId: `${deployment}-bench`,
    maxInFlightRequests: 1,
    idempotent: true,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
  })
  await producer.connect()
  const ends = Array.from({ length: PARTITIONS }, () => 0)
  for (let start = 0; start < count; start += ROWS_PER_TRANSACTION) {
    const size = Math.min(ROWS_PER_TRANSACTION, count - start)
    const messages = Array.from({ length: size }, (_, i): Message => {
      const n = (start + i) % ORDERS
      const key = Buffer.from(orderId(n))
      const partition = partitionOf(key, PARTITIONS)
      return {
        partition,
        key,
        value: encodeCurated(rowAt(n, Math.floor((start + i) / ORDERS) + 1), schemaId),
        headers: {
          [ROW_HEADERS.engine]: deployment,
          [ROW_HEADERS.partition]: String(partition),
          [ROW_HEADERS.offset]: String(ends[partition]!++),
        },
      }
    })
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages })
    await transaction.commit()
  }
  await producer.disconnect()
  const admin = pipeline.kafka.admin()
  await admin.connect()
  const partitions = ends.map((end, partition) => ({ partition, offset: String(end) }))
  await admin.setOffsets({ groupId: engineGroup(deployment), topic: RAW_TOPIC, partitions })
  await admin.disconnect()
}

const rowAt = (n: number, version: number): CuratedOrder => ({
  order_id: orderId(n),
  status: 'CREATED',
  customer_id: `c-${n}`,
  currency: 'EUR',
  item_count: 1,
  items_amount: 1_999,
  shipping_amount: 499,
  total_amount: 2_498,
  paid_amount: 0,
  refunded_amount: 0,
  created_at: Date.UTC(2026) + version,
  paid_at: null,
  shipped_at: null,
  delivered_at: null,
  cancelled_at: null,
  refunded_at: null,
  first_event_ts: Date.UTC(2026),
  last_event_ts: Date.UTC(2026) + version,
  version,
  last_event_id: `00000001-0000-4000-8000-${String(version).padStart(12, '0')}`,
  schema_version: 1,
})
