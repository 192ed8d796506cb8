import { Counter, Histogram, Registry } from 'prom-client'
import type { ServerOptions } from './server.ts'

/** The ingest server's metrics, of its own registry. */
export function createMetrics(): Pick<ServerOptions, 'metrics' | 'onAnswer'> {
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
    metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    onAnswer({ status, body }, seconds) {
      requests.observe({ status }, seconds)
      if ('error' in body) return
      events.inc({ outcome: 'accepted' }, body.accepted.length)
      events.inc({ outcome: 'rejected' }, body.rejected.length)
    },
  }
}
