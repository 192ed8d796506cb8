import {
  WorkerConfig,
  announceReady,
  configOrExit,
  createKafka,
  createLog,
  createMetricsExport,
  createRegistry,
  flushEachMinute,
  runWorker,
  serveHealth,
} from '@order-up/kit'
import { SINK_GROUP } from '@order-up/schemas'
import { z } from 'zod'
import { SinkConfig, checkWarehouse, openWarehouse } from './config.ts'
import { createSinkMetrics, EXPORTED } from './metrics.ts'
import { serveQueries } from './query-server.ts'
import { DEFAULT_LIMITS, Sink } from './sink.ts'

const Config = z
  .object({
    ...SinkConfig.shape,
    ...WorkerConfig.shape,
    SINK_GROUP: z.string().min(1).default(SINK_GROUP),
    /** a MERGE takes what has come, up to about this many rows, or what has come in this many milliseconds */
    SINK_MAX_ROWS: z.coerce.number().int().min(1).default(DEFAULT_LIMITS.maxRows),
    SINK_LINGER_MS: z.coerce.number().int().min(0).max(60_000).default(DEFAULT_LIMITS.lingerMs),
    /** how long a failing MERGE is tried again before the sink stops, seconds */
    SINK_RETRY_FOR_S: z.coerce.number().int().min(0).default(900),
    /** how soon another sink takes over from one that was killed; the broker allows 6 s to 30 min by default */
    SINK_SESSION_TIMEOUT_MS: z.coerce.number().int().min(6_000).default(10_000),
    /** where queries are answered (DuckDB only); unset = nowhere */
    QUERY_SOCKET: z.string().min(1).optional(),
  })
  .superRefine(checkWarehouse)
  .refine(({ QUERY_SOCKET, WAREHOUSE }) => !QUERY_SOCKET || WAREHOUSE.startsWith('duckdb:'), {
    path: ['QUERY_SOCKET'],
    message: 'only with DuckDB: Snowflake answers queries itself, under the rights of who asks',
  })

const config = configOrExit(Config)
const log = createLog('sink', config.LOG_LEVEL)

await runWorker(log, config.STOP_DEADLINE_MS, async (signal) => {
  await using closing = new AsyncDisposableStack()
  const warehouse = await openWarehouse(config)
  closing.defer(() => warehouse.close())
  const metrics = createSinkMetrics()
  const sink = new Sink({
    kafka: createKafka(config, 'order-up.sink', log),
    registry: createRegistry(config.SCHEMA_REGISTRY_URL),
    warehouse,
    metrics,
    log,
    groupId: config.SINK_GROUP,
    limits: { ...DEFAULT_LIMITS, maxRows: config.SINK_MAX_ROWS, lingerMs: config.SINK_LINGER_MS },
    retryForMs: config.SINK_RETRY_FOR_S * 1_000,
    sessionTimeoutMs: config.SINK_SESSION_TIMEOUT_MS,
  })
  const address = { host: config.HTTP_HOST, port: config.HTTP_PORT }
  const http = await serveHealth(address, metrics.registry, () => sink.health())
  closing.defer(() => http.close())
  const exported = createMetricsExport(config, {
    registry: metrics.registry,
    exported: EXPORTED,
    worker: 'sink',
    up: () => sink.health().healthy,
  })
  closing.defer(flushEachMinute(exported))
  if (config.QUERY_SOCKET !== undefined) {
    const queries = await serveQueries(config.QUERY_SOCKET, warehouse)
    closing.defer(() => queries.close())
  }
  await sink.run(signal, () => {
    log.info({ warehouse: warehouse.name, group: config.SINK_GROUP, port: http.port }, 'started')
    announceReady(http.port)
  })
})
