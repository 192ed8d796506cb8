import { createServer, type IncomingMessage, type Server } from 'node:http'
import { MAX_BODY_BYTES, problem, tooLarge, type HttpResponse, type Ingest } from './handler.ts'

/** What the server answers apart from the ingest itself. */
export interface ServerOptions {
  ingest: Ingest
  /** GET /metrics in Prometheus' text format */
  metrics: () => Promise<{ contentType: string; text: string }>
  /** told of each answered POST */
  onAnswer: (response: HttpResponse, seconds: number) => void
}

/** The ingest as a plain HTTP server, for the laptop; it is the caller's to listen and close. */
export function createIngestServer({ ingest, metrics, onAnswer }: ServerOptions): Server {
  async function answer(request: IncomingMessage): Promise<HttpResponse> {
    if (isForeign(request.headers.origin))
      return problem(403, 'FOREIGN_ORIGIN', 'Pages of other sites may not send events')
    const body = await readBody(request)
    if (!body) return tooLarge()
    return ingest.handle({
      method: request.method ?? '',
      path: pathOf(request),
      contentType: request.headers['content-type'],
      body,
    })
  }

  return createServer((request, response) => {
    const startedAt = performance.now()
    const send = (status: number, headers: Record<string, string>, text: string) =>
      response.writeHead(status, headers).end(text)
    const route = async () => {
      const path = pathOf(request)
      if (request.method === 'GET' && path === '/metrics') {
        const { contentType, text } = await metrics()
        send(200, { 'content-type': contentType }, text)
      } else if (request.method === 'GET' && path === '/healthz') {
        const trouble = ingest.trouble()
        const health = { healthy: trouble === undefined, kafka: trouble ?? 'ok' }
        send(
          health.healthy ? 200 : 503,
          { 'content-type': 'application/json' },
          JSON.stringify(health),
        )
      } else {
        const answered = await answer(request)
        send(answered.status, answered.headers, JSON.stringify(answered.body))
        onAnswer(answered, (performance.now() - startedAt) / 1_000)
      }
    }
    // the client went away in the middle of its request: there is nobody to answer
    route().catch(() => response.destroy())
  })
}

const pathOf = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0]!

/** Any page in a browser can reach a port of this machine; only pages from this machine itself may use it. */
function isForeign(origin: string | undefined): boolean {
  if (origin === undefined) return false
  if (!URL.canParse(origin)) return true
  return !['127.0.0.1', 'localhost', '[::1]'].includes(new URL(origin).hostname)
}

/** undefined = larger than allowed */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    // the rest is read and dropped: a client that is still writing may not see the answer before
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined
}
