import { DLQ_HEADERS, RAW_TOPIC, ROW_HEADERS, decodeRaw, encodeCurated } from '@order-up/schemas'
import type { CuratedOrder } from '@order-up/schemas'
import { fold, rowOf, type OrderState } from '@order-up/fold'
import type { TopicRecord } from '@order-up/kit'

/** What a pipeline without faults makes of a raw log: the material of tests, which then break it on purpose. */
export interface Outputs {
  raw: TopicRecord[]
  curated: TopicRecord[]
  deadLetters: TopicRecord[]
  warehouse: (CuratedOrder & { raw_partition: number; raw_offset: number; engine: string })[]
}

export const RAW_ID = 1
export const CURATED_ID = 2
export const RAW_IDS = new Map([[RAW_ID, 1]])
export const CURATED_IDS = new Map([[CURATED_ID, 1]])

/** @param writersOf the deployments that write what becomes of a raw offset, in that order; two in an overlap */
export function outputsOf(
  raw: TopicRecord[],
  partitions: number,
  writersOf: (offset: number) => readonly string[] = () => ['node-1'],
): Outputs {
  const curated: TopicRecord[] = []
  const deadLetters: TopicRecord[] = []
  const states = new Map<string, OrderState>()
  const warehouse = new Map<string, Outputs['warehouse'][number]>()
  for (const record of raw) {
    const { partition, offset, key, value } = record
    const decoded = decodeRaw(record, RAW_IDS, partitions)
    if (decoded.kind === 'newer_schema') throw new Error('not in these tests')
    if (decoded.kind === 'rejected') {
      const headers = {
        ...record.headers,
        [DLQ_HEADERS.reason]: decoded.reason,
        [DLQ_HEADERS.detail]: decoded.detail,
        [DLQ_HEADERS.topic]: RAW_TOPIC,
        [DLQ_HEADERS.partition]: String(partition),
        [DLQ_HEADERS.offset]: String(offset),
      }
      for (const engine of writersOf(offset))
        deadLetters.push({
          partition,
          offset: deadLetters.length,
          timestamp: 0,
          key,
          value,
          headers: { ...headers, [DLQ_HEADERS.engine]: engine },
        })
      continue
    }
    const { order_id } = decoded.event
    const next = fold(states.get(order_id) ?? null, decoded.event)
    if (next === 'duplicate') continue
    states.set(order_id, next)
    const row = rowOf(order_id, next)
    warehouse.set(order_id, {
      ...row,
      raw_partition: partition,
      raw_offset: offset,
      engine: writersOf(offset)[0]!,
    })
    for (const engine of writersOf(offset))
      curated.push({
        partition,
        offset: curated.length,
        timestamp: 0,
        key,
        value: encodeCurated(row, CURATED_ID),
        headers: {
          [ROW_HEADERS.engine]: engine,
          [ROW_HEADERS.partition]: String(partition),
          [ROW_HEADERS.offset]: String(offset),
        },
      })
  }
  return { raw, curated, deadLetters, warehouse: [...warehouse.values()] }
}
