import {
  createLog,
  createMetricsExport,
  createRegistry,
  describe,
  flushAfterInvocation,
  parseConfig,
  withSecrets,
  type Log,
} from '@order-up/kit'
import { CURATED_SUBJECT } from '@order-up/schemas'
import { z } from 'zod'
import { SinkConfig, checkWarehouse, openWarehouse } from './config.ts'
import { createDecoder, type CuratedRecord, type Decode } from './decode.ts'
import { createSinkMetrics, EXPORTED, observeMerge, type SinkMetrics } from './metrics.ts'
import type { Warehouse, WarehouseRow } from './warehouse.ts'

const MskRecord = z.object({
  partition: z.number().int(),
  offset: z.number().int(),
  timestamp: z.number(),
  value: z.base64().nullish(),
  /** each header as {name: bytes}; Java's bytes, so possibly negative */
  headers: z.array(z.record(z.string(), z.array(z.number()))).default([]),
})

/** What Lambda passes for MSK and for a self-managed Kafka: records by "topic-partition". */
const MskEvent = z.object({ records: z.record(z.string(), z.array(MskRecord)) })

/** What Lambda expects back with ReportBatchItemFailures: per partition, from where to deliver again. */
export interface MskResponse {
  batchItemFailures: { itemIdentifier: { partition: string; offset: number } }[]
}

export type MskHandler = (event: unknown) => Promise<MskResponse>

interface Parts {
  decode: Decode
  warehouse: Pick<Warehouse, 'merge'>
  metrics: SinkMetrics
  log: Log
}

/**
 * Merges an event's records in one MERGE. A record that cannot be merged holds up its partition from there on, and
 * no other. What concerns all (registry, warehouse) is thrown, and Lambda delivers the whole event again.
 *
 * Lambda may deliver twice and may show records of aborted transactions: harmless, because every engine writes the
 * same row for the same order and version. One MERGE at a time means one concurrent execution; infinite retries and no
 * failure destination (with one, Lambda would skip a record after ten attempts).
 */
export function createHandler({ decode, warehouse, metrics, log }: Parts): MskHandler {
  return async (event) => {
    const { records } = MskEvent.parse(event)
    const rows: WarehouseRow[] = []
    const failures: MskResponse['batchItemFailures'] = []
    for (const [partition, messages] of Object.entries(records)) {
      const decoded = await decode(messages.map(recordOf))
      for (const row of decoded.rows) rows.push(row)
      if (decoded.failure === undefined) continue
      const { error, record } = decoded.failure
      log.error({ code: error.code, partition, offset: record.offset }, describe(error))
      failures.push({ itemIdentifier: { partition, offset: record.offset } })
    }
    if (rows.length > 0) observeMerge(metrics, rows, await warehouse.merge(rows, Date.now()))
    return { batchItemFailures: failures }
  }
}

function recordOf({ value, headers, ...message }: z.infer<typeof MskRecord>): CuratedRecord {
  return {
    ...message,
    value: value ? Buffer.from(value, 'base64') : null,
    header(name) {
      const bytes = headers.findLast((header) => name in header)?.[name]
      return bytes && Buffer.from(bytes).toString()
    },
  }
}

const Config = SinkConfig.superRefine(checkWarehouse)

async function start(): Promise<MskHandler> {
  const config = parseConfig(Config, await withSecrets(process.env))
  const log = createLog('sink', config.LOG_LEVEL)
  const warehouse = await openWarehouse(config)
  await warehouse.prepare()
  const registry = createRegistry(config.SCHEMA_REGISTRY_URL)
  const decode = createDecoder(() => registry.subjectIds(CURATED_SUBJECT))
  const metrics = createSinkMetrics()
  const exported = createMetricsExport(config, {
    registry: metrics.registry,
    exported: EXPORTED,
    worker: 'sink',
  })
  const flush = flushAfterInvocation(exported)
  const handle = createHandler({ decode, warehouse, metrics, log })
  return async (event) => {
    const response = await handle(event)
    await flush()
    return response
  }
}

let started: Promise<MskHandler> | undefined

/** The Lambda's entry point: starts with the first event, and again after a start that failed. */
export const handler: MskHandler = async (event) => {
  started ??= start()
  const handle = await started.catch((error: unknown) => {
    started = undefined
    throw error
  })
  return handle(event)
}
