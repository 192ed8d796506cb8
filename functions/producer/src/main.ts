import {
  WorkerConfig,
  KafkaConfig,
  LogLevel,
  announceReady,
  closeServer,
  configOrExit,
  createKafka,
  createLog,
  createRegistry,
  listen,
  runWorker,
} from '@order-up/kit'
import { z } from 'zod'
import { createIngest } from './handler.ts'
import { createMetrics } from './metrics.ts'
import { createRawSender } from './send.ts'
import { createIngestServer } from './server.ts'

/** The ingest as a local server: the Lambda's code behind a port. */
const config = configOrExit(
  KafkaConfig.extend(WorkerConfig.shape).extend({
    LOG_LEVEL: LogLevel,
    /** how long a request waits for Kafka before it is answered 503 */
    INGEST_DEADLINE_MS: z.coerce.number().int().min(100).default(8_000),
  }),
)
const log = createLog('producer', config.LOG_LEVEL)

await runWorker(log, config.STOP_DEADLINE_MS, async (signal) => {
  const kafka = createKafka(config, 'order-up-producer', log)
  const registry = createRegistry(config.SCHEMA_REGISTRY_URL)
  const deadlineMs = config.INGEST_DEADLINE_MS
  const ingest = createIngest({
    openSender: () => createRawSender({ kafka, registry, patienceMs: deadlineMs }),
    deadlineMs,
    log,
  })
  const { metrics, onAnswer } = createMetrics()
  const server = createIngestServer({ ingest, metrics, onAnswer })
  await listen(server, config.HTTP_PORT, config.HTTP_HOST)
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : config.HTTP_PORT
  await ingest.warmUp()
  announceReady(port)
  log.info({ host: config.HTTP_HOST, port }, 'listening')

  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await ingest.close()
  await closeServer(server)
})
