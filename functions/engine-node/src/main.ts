import { getHeapStatistics } from 'node:v8'
import {
  announceReady,
  configOrExit,
  createLog,
  createMetricsExport,
  flushEachMinute,
  runWorker,
  serveHealth,
  type Log,
} from '@order-up/kit'
import { commandLineOrExit } from './command-line.ts'
import { EngineConfig } from './config.ts'
import { HEAP_MIB, memoryNeed } from './memory-need.ts'
import { createMetrics, EXPORTED } from './metrics.ts'
import type { Shown } from './sum-metrics.ts'
import { chooseTransport, makeRoom } from './transport-choice.ts'
import { answerParent } from './worker-link.ts'
import { EngineWorker } from './worker.ts'
import type { WorkerHealth } from './worker-health.ts'
import { WorkerProcesses } from './worker-processes.ts'

/** What this command runs: one worker in this process, or several in processes of their own. */
interface Work {
  readonly registry: Shown
  health(): WorkerHealth | Promise<WorkerHealth>
  run(signal: AbortSignal, onReady: () => void): Promise<void>
}

const { workers, worker } = commandLineOrExit()
const config = configOrExit(EngineConfig, { WORKERS: workers })
const log = createLog('engine-node', config.LOG_LEVEL)
if (worker !== undefined)
  await runOneOfSeveral(Number(worker), log.child({ worker: Number(worker) }))
else if (config.WORKERS > 1) await serve(new WorkerProcesses(config, log), HEAP_MIB)
else await serve(alone(), getHeapStatistics().heap_size_limit / (1 << 20))

function alone(): Work {
  const metrics = createMetrics()
  const engine = new EngineWorker(config, metrics, log)
  return {
    registry: metrics.registry,
    health: () => engine.health(),
    run(signal, onReady) {
      onReady()
      return engine.run(signal)
    },
  }
}

/** Runs it, and shows how it does. @param heapMiB V8's limit of each worker */
function serve(work: Work, heapMiB: number): Promise<never> {
  return runWorker(log, config.STOP_DEADLINE_MS, async (signal) => {
    const { registry } = work
    const choice = chooseTransport(config.TRANSPORT)
    makeRoom(choice)
    const server = await serveHealth(
      { host: config.HTTP_HOST, port: config.HTTP_PORT },
      registry,
      () => work.health(),
    )
    const flushed = flushEachMinute(
      createMetricsExport(config, {
        registry,
        exported: EXPORTED,
        worker: config.DEPLOYMENT,
        up: async () => (await work.health()).healthy,
      }),
    )
    log.info(
      {
        deployment: config.DEPLOYMENT,
        workers: config.WORKERS,
        transport: choice.transport,
        version: choice.version,
        why: choice.why,
        port: server.port,
        memory: memoryNeed(config.WORKERS, config.STATE_MEMORY_MB, heapMiB),
      },
      'started',
    )
    try {
      await work.run(signal, () => announceReady(server.port))
    } finally {
      await flushed()
      await server.close()
    }
  })
}

function runOneOfSeveral(worker: number, log: Log): Promise<never> {
  return runWorker(log, config.STOP_DEADLINE_MS, async (signal) => {
    const metrics = createMetrics()
    const engine = new EngineWorker(config, metrics, log, worker)
    const lastWords = answerParent(async () => ({
      health: engine.health(),
      measured: await metrics.registry.getMetricsAsJSON(),
    }))
    try {
      await engine.run(signal)
    } finally {
      await lastWords()
    }
  })
}
