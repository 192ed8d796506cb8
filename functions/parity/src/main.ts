import {
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
import { Comparer } from './comparer.ts'
import { ParityConfig } from './config.ts'
import { createParityMetrics, EXPORTED } from './metrics.ts'

const config = configOrExit(ParityConfig)
const log = createLog('parity', config.LOG_LEVEL)

await runWorker(log, config.STOP_DEADLINE_MS, async (signal) => {
  await using closing = new AsyncDisposableStack()
  const metrics = createParityMetrics()
  const comparer = new Comparer({
    kafka: createKafka(config, 'order-up.parity', log),
    registry: createRegistry(config.SCHEMA_REGISTRY_URL),
    deployments: config.DEPLOYMENTS,
    artifacts: config.ARTIFACTS,
    verdictsUrl: config.VERDICTS_URL,
    reportIntervalMs: config.REPORT_INTERVAL_MS,
    limits: {
      floorRows: config.FLOOR_ROWS,
      floorOrders: config.FLOOR_ORDERS,
      lagBound: config.LAG_BOUND,
      stallMs: config.STALL_MS,
      maxHeldRows: config.MAX_HELD_ROWS,
    },
    metrics,
    log,
  })
  const address = { host: config.HTTP_HOST, port: config.HTTP_PORT }
  const http = await serveHealth(address, metrics.registry, () => comparer.health())
  closing.defer(() => http.close())
  const exported = createMetricsExport(config, {
    registry: metrics.registry,
    exported: EXPORTED,
    worker: 'parity',
    up: () => comparer.health().healthy,
  })
  closing.defer(flushEachMinute(exported))
  announceReady(http.port)
  log.info({ deployments: config.DEPLOYMENTS, port: http.port }, 'started')
  await comparer.run(signal)
})
