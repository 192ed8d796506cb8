import assert from 'node:assert/strict'
import {
  CURATED_TOPIC,
  decodeRaw,
  DLQ_TOPIC,
  encodeCurated,
  RAW_TOPIC,
  type CuratedOrder,
  type SchemaIds,
} from '@order-up/schemas'
import { fold, rowOf, type OrderState } from '@order-up/fold'
import { readTopic, type TopicRecord } from '@order-up/kit'
import type { Kafka } from 'kafkajs'

export interface Truth {
  records: number
  /** per partition, in raw order: the raw offset of each applied event and its row */
  rows: Map<number, { offset: number; row: CuratedOrder }[]>
  deadLetters: Map<number, { offset: number; reason: string }[]>
  duplicates: number
  /** the last row of each order */
  orders: Map<string, CuratedOrder>
}

/** Recomputes from raw, as a read_committed reader sees it, what an engine must have written. */
export async function truthOf(kafka: Kafka, ids: SchemaIds, partitions = 4): Promise<Truth> {
  const truth: Truth = {
    records: 0,
    rows: new Map(),
    deadLetters: new Map(),
    duplicates: 0,
    orders: new Map(),
  }
  const states = new Map<string, OrderState>()
  await readTopic(kafka, RAW_TOPIC, (records) => {
    for (const record of records) {
      truth.records++
      const { partition, offset } = record
      const decoded = decodeRaw(record, ids, partitions)
      assert.notEqual(decoded.kind, 'newer_schema')
      if (decoded.kind === 'rejected') {
        listOf(truth.deadLetters, partition).push({ offset, reason: decoded.reason })
      } else if (decoded.kind === 'event') {
        const { order_id } = decoded.event
        const state = fold(states.get(order_id) ?? null, decoded.event)
        if (state === 'duplicate') truth.duplicates++
        else {
          states.set(order_id, state)
          const row = rowOf(order_id, state)
          truth.orders.set(order_id, row)
          listOf(truth.rows, partition).push({ offset, row })
        }
      }
    }
  })
  return truth
}

const listOf = <T>(lists: Map<number, T[]>, partition: number): T[] => {
  const list = lists.get(partition) ?? []
  lists.set(partition, list)
  return list
}

const header = ({ headers }: TopicRecord, name: string) => String(headers[name])

async function byPartition(kafka: Kafka, topic: string): Promise<Map<number, TopicRecord[]>> {
  const found = new Map<number, TopicRecord[]>()
  await readTopic(kafka, topic, (records) => {
    for (const record of records) listOf(found, record.partition).push(record)
  })
  return found
}

/**
 * What one deployment that owned everything wrote is, to a read_committed reader, exactly the truth: one row per
 * applied event, in raw order (so in version order), on the raw partition, byte for byte; likewise dead letters.
 */
export async function assertExactlyOnce(
  kafka: Kafka,
  truth: Truth,
  curatedSchemaId: number,
): Promise<void> {
  const curated = await byPartition(kafka, CURATED_TOPIC)
  for (const partition of new Set([...truth.rows.keys(), ...curated.keys()])) {
    const expected = truth.rows.get(partition) ?? []
    const got = curated.get(partition) ?? []
    const offsets = got.map((record) => Number(header(record, 'raw-offset')))
    assert.deepEqual(
      offsets,
      expected.map(({ offset }) => offset),
      `raw offsets seen in curated partition ${partition}`,
    )
    got.forEach((record, i) => {
      const { row } = expected[i]!
      assert.equal(header(record, 'raw-partition'), String(partition))
      assert.equal(record.key!.toString(), row.order_id)
      const bytes = encodeCurated(row, curatedSchemaId)
      assert.ok(record.value!.equals(bytes), `row of ${row.order_id} version ${row.version}`)
    })
  }
  const letters = await byPartition(kafka, DLQ_TOPIC)
  const seen = new Map(
    [...letters].map(([partition, records]) => [
      partition,
      records.map((r) => ({
        offset: Number(header(r, 'dlq-offset')),
        reason: header(r, 'dlq-reason'),
      })),
    ]),
  )
  assert.deepEqual(toSorted(seen), toSorted(truth.deadLetters), 'dead letters')
}

const toSorted = <T>(map: Map<number, T>) => [...map].toSorted(([a], [b]) => a - b)
