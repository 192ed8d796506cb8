import type { Exported } from '@order-up/kit'
import { Counter, Histogram, Registry } from 'prom-client'
import type { Ingest } from './handler.ts'
import type { ServerOptions } from './server.ts'

export interface ProducerMetrics extends Pick<ServerOptions, 'metrics' | 'onAnswer'> {
  registry: Registry
}

const eventsThatWere = (outcome: string) =>
  ({ from: 'orderup_producer_events_total', unit: 'Count', where: { outcome } }) as const

/** What goes to CloudWatch, with `producer` as Worker; requests and their time are in API Gateway's own metrics. */
export const EXPORTED: readonly Exported[] = [
  { ...eventsThatWere('accepted'), as: 'Accepted' },
  { ...eventsThatWere('rejected'), as: 'Rejected' },
]

/** The same ingest, with each answer counted. */
export function counted(ingest: Ingest, onAnswer: ServerOptions['onAnswer']): Ingest {
  return {
    ...ingest,
    async handle(request) {
      const startedAt = performance.now()
      const response = await ingest.handle(request)
      onAnswer(response, (performance.now() - startedAt) / 1_000)
      return response
    },
  }
}

/** The ingest's metrics, of its own registry. */
export function createMetrics(): ProducerMetrics {
  const registry = new Registry()
  const events = new Counter({
    name: 'orderup_producer_events_total',
    help: 'Events of answered requests; of a failed request nothing is counted',
    labelNames: ['outcome'],
    registers: [registry],
  })
  const requests = new Histogram({
    name: 'orderup_producer_request_seconds',
    help: 'Time to answer, by HTTP status',
    labelNames: ['status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  return {
    registry,
    metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    onAnswer({ status, body }, seconds) {
      requests.observe({ status }, seconds)
      if ('error' in body) return
      events.inc({ outcome: 'accepted' }, body.accepted.length)
      events.inc({ outcome: 'rejected' }, body.rejected.length)
    },
  }
}
