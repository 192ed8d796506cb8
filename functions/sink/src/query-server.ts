import { chmodSync, rmSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { OrderUpError, TerminalError, closeServer, messageOf } from '@order-up/kit'
import { z } from 'zod'
import type { QueryResult, Warehouse } from './warehouse.ts'

const MAX_SQL_BYTES = 1 << 20
const MAX_LIMIT = 1_000_000

const Question = z.strictObject({
  sql: z.string().trim().min(1),
  limit: z.number().int().min(1).max(MAX_LIMIT).optional(),
})

export interface QueryServer {
  close(): Promise<void>
}

/**
 * Answers queries on a unix socket, because a DuckDB file is open in one process at a time and that is the sink:
 * `POST /query {"sql": "...", "limit": 100}` → 200 and a QueryResult, or 400 and `{"error": "..."}`. The socket's
 * mode is 0600: whoever may open it may read the whole table.
 * @throws TerminalError `QUERY_SOCKET` where another process answers there
 */
export async function serveQueries(
  socketPath: string,
  warehouse: Pick<Warehouse, 'query'>,
): Promise<QueryServer> {
  if (await answers(socketPath)) {
    throw new TerminalError('QUERY_SOCKET', `Another process answers on ${socketPath}`, {
      remedy: 'stop it, or set QUERY_SOCKET to another path',
    })
  }
  rmSync(socketPath, { force: true }) // left by a killed sink
  const server = createServer((req, res) => void handle(req, res, warehouse))
  const mask = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(socketPath, resolve)
    })
  } finally {
    process.umask(mask)
  }
  chmodSync(socketPath, 0o600)
  return { close: () => closeServer(server) }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function handle(
  req: IncomingMessage,
  res: ServerResponse,
  warehouse: Pick<Warehouse, 'query'>,
): Promise<void> {
  const gone = new AbortController()
  res.once('close', () => gone.abort()) // nobody waits for the answer any more
  const answer = (status: number, body: unknown) => {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  try {
    if (req.method !== 'POST' || req.url !== '/query') return answer(404, { error: 'POST /query' })
    const { sql, limit } = Question.parse(JSON.parse(await bodyOf(req)))
    const options = limit === undefined ? {} : { limit }
    answer(200, await warehouse.query(sql, { ...options, signal: gone.signal }))
  } catch (error) {
    answer(400, { error: error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error) })
  }
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of req as AsyncIterable<Buffer>) {
    parts.push(part)
    bytes += part.length
    if (bytes > MAX_SQL_BYTES) throw new Error(`a query has at most ${MAX_SQL_BYTES} bytes`)
  }
  return Buffer.concat(parts).toString()
}

/**
 * Asks a running sink.
 * @param limit rows at most (default 10,000; at most a million)
 * @throws OrderUpError `NO_SINK` where none answers on the socket, `QUERY` with the warehouse's own words
 */
export async function queryWarehouse(
  socketPath: string,
  sql: string,
  options: { limit?: number } = {},
): Promise<QueryResult> {
  const { status, body } = await post(socketPath, JSON.stringify({ sql, ...options }))
  const answer: unknown = JSON.parse(body)
  if (status === 200) return answer as QueryResult
  throw new OrderUpError('QUERY', (answer as { error: string }).error)
}

function post(socketPath: string, body: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    // each on a connection of its own: one that was kept may have been closed meanwhile by a sink that waited 5 s
    const req = request({ socketPath, path: '/query', method: 'POST', agent: false }, (res) => {
      const parts: Buffer[] = []
      res.on('data', (part: Buffer) => parts.push(part))
      res.once('error', reject)
      res.once('end', () =>
        resolve({ status: res.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
      )
    })
    req.once('error', (cause) =>
      reject(
        new OrderUpError('NO_SINK', `No sink answers on ${socketPath}`, {
          cause,
          remedy: 'start it: `npm run order-up -- up`',
        }),
      ),
    )
    req.end(body)
  })
}
