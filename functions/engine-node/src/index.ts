export { EngineConfig } from './config.ts'
export { createMetrics, type EngineMetrics } from './metrics.ts'
export { groupOf, EngineWorker } from './worker.ts'
