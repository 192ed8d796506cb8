import {
  announceReady,
  configOrExit,
  createLog,
  createMetricsExport,
  flushEachMinute,
  runWorker,
  serveHealth,
} from '@order-up/kit'
import { EngineConfig } from './config.ts'
import { createMetrics, EXPORTED } from './metrics.ts'
import { EngineWorker } from './worker.ts'

const config = configOrExit(EngineConfig)
const log = createLog('engine-node', config.LOG_LEVEL)
await runWorker(log, config.STOP_DEADLINE_MS, async (signal) => {
  const metrics = createMetrics()
  const worker = new EngineWorker(config, metrics, log)
  const server = await serveHealth(
    { host: config.HTTP_HOST, port: config.HTTP_PORT },
    metrics.registry,
    () => worker.health(),
  )
  const flushed = flushEachMinute(
    createMetricsExport(config, {
      registry: metrics.registry,
      exported: EXPORTED,
      worker: config.DEPLOYMENT,
      up: () => worker.health().healthy,
    }),
  )
  announceReady(server.port)
  log.info({ deployment: config.DEPLOYMENT, transport: 'kafkajs', port: server.port }, 'started')
  try {
    await worker.run(signal)
  } finally {
    await flushed()
    await server.close()
  }
})
