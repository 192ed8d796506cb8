export { EngineConfig } from './config.ts'
export { createMetrics, type EngineMetrics } from './metrics.ts'
export { EngineWorker } from './worker.ts'
