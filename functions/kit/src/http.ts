import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

/** What /healthz answers: 200 when healthy, else 503; the details are shown either way. */
export interface Health {
  healthy: boolean
  [detail: string]: unknown
}

export interface HealthServer {
  port: number
  close(): Promise<void>
}

/**
 * Serves Prometheus metrics on /metrics, the worker's health on /healthz, and on /livez that it answers at all: what
 * decides whether to start it anew, since a restart cures no wait (for a first epoch, a registry, a warehouse).
 */
export async function serveHealth(
  { host, port }: { host: string; port: number },
  metrics: Pick<Registry, 'contentType' | 'metrics'>,
  health: () => Health | Promise<Health>,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    void (async () => {
      if (request.url === '/metrics') {
        response.setHeader('content-type', metrics.contentType).end(await metrics.metrics())
      } else if (request.url === '/livez') {
        response.end()
      } else if (request.url === '/healthz') {
        const answer = await health()
        response.writeHead(answer.healthy ? 200 : 503, { 'content-type': 'application/json' })
        response.end(JSON.stringify(answer))
      } else {
        response.writeHead(404).end()
      }
    })()
  })
  await listen(server, port, host)
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) }
}

/** @throws the server's own error, as EADDRINUSE */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
