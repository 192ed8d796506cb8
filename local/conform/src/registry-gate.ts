import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closeServer, listen } from '@order-up/kit'
import { RAW_SUBJECT } from '@order-up/schemas'

const HOST = '127.0.0.1'

/** Stands between an engine and the registry, so that the registry can be away for the engine alone. */
export interface RegistryGate {
  url: string
  /** false: connections are cut without an answer */
  open: boolean
  /** of the raw subject: versions above are not shown, as if they were not registered; undefined = all are */
  newestRawVersion: number | undefined
  close(): Promise<void>
}

/** @param target of the registry's API root */
export async function openRegistryGate(target: string): Promise<RegistryGate> {
  const { origin, pathname } = new URL(target)
  const server = createServer((request, response) => {
    if (!gate.open) return void request.socket.destroy()
    pass(request, response, origin, gate.newestRawVersion).catch(() => response.destroy())
  })
  await listen(server, 0, HOST)
  const { port } = server.address() as AddressInfo
  const gate: RegistryGate = {
    url: `http://${HOST}:${port}${pathname}`,
    open: true,
    newestRawVersion: undefined,
    close: () => closeServer(server),
  }
  return gate
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  origin: string,
  newest: number | undefined,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { method = 'GET', url = '/', headers } = request
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const answer = await fetch(origin + url, {
    method,
    headers: {
      ...(headers.accept === undefined ? {} : { accept: headers.accept }),
      ...(headers['content-type'] === undefined ? {} : { 'content-type': headers['content-type'] }),
    },
    ...(hasBody ? { body: Buffer.concat(chunks) } : {}),
  })
  const text = await answer.text()
  const [status, body] = hide(answer.status, decodeURIComponent(url), text, newest)
  response
    .writeHead(status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' })
    .end(body)
}

/** The answer without the raw subject's versions that are not to be seen. */
function hide(
  status: number,
  path: string,
  text: string,
  newest: number | undefined,
): [status: number, body: string] {
  const [, version] = /\/subjects\/([^/?]+)\/versions(?:\/(\d+))?/.exec(path)?.slice(1) ?? []
  if (newest === undefined || !path.includes(`/subjects/${RAW_SUBJECT}/versions`) || status !== 200)
    return [status, text]
  if (version === undefined)
    return [200, JSON.stringify((JSON.parse(text) as number[]).filter((v) => v <= newest))]
  return Number(version) > newest
    ? [404, JSON.stringify({ error_code: 40402, message: 'Version not found' })]
    : [status, text]
}
