import {
  KafkaConfig,
  LogLevel,
  MetricsConfig,
  createKafka,
  createLog,
  createMetricsExport,
  createRegistry,
  flushAfterInvocation,
  parseConfig,
  withSecrets,
} from '@order-up/kit'
import { z } from 'zod'
import { apiGatewayHandler, type ApiGatewayResponse } from './api-gateway.ts'
import { createIngest } from './handler.ts'
import { counted, createMetrics, EXPORTED } from './metrics.ts'
import { createRawSender } from './send.ts'

const config = parseConfig(
  KafkaConfig.extend(MetricsConfig.shape).extend({
    LOG_LEVEL: LogLevel,
    /** keep it under the function's timeout: past that, the client gets no answer of ours */
    INGEST_DEADLINE_MS: z.coerce.number().int().min(100).default(8_000),
  }),
  await withSecrets(process.env),
)
const log = createLog('producer', config.LOG_LEVEL)
const kafka = createKafka(config, 'order-up-producer', log)
const registry = createRegistry(config.SCHEMA_REGISTRY_URL)
const deadlineMs = config.INGEST_DEADLINE_MS
const metrics = createMetrics()
const exported = createMetricsExport(config, {
  registry: metrics.registry,
  exported: EXPORTED,
  worker: 'producer',
})
const flush = flushAfterInvocation(exported)
const ingest = createIngest({
  openSender: () => createRawSender({ kafka, registry, patienceMs: deadlineMs }),
  deadlineMs,
  log,
})
const handle = apiGatewayHandler(counted(ingest, metrics.onAnswer))

/** The Lambda's entry point, behind an API Gateway HTTP API; connections outlive the invocation. */
export async function handler(event: unknown): Promise<ApiGatewayResponse> {
  const response = await handle(event)
  await flush()
  return response
}
