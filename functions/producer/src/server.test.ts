import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { closeServer, listen } from '@order-up/kit'
import { MAX_BODY_BYTES, problem, type HttpRequest, type Ingest } from './handler.ts'
import { createMetrics } from './metrics.ts'
import { createIngestServer } from './server.ts'

/** A server in front of an ingest that accepts everything, and what that was asked. */
async function serve(t: TestContext, trouble?: string) {
  const asked: HttpRequest[] = []
  const ingest: Ingest = {
    handle(request) {
      asked.push(request)
      const accepted = [{ index: 0, event_id: 'a', partition: 0, offset: 0 }]
      const body = { accepted, rejected: [] }
      return Promise.resolve({ ...problem(0, '', ''), status: 202, body })
    },
    warmUp: () => Promise.resolve(),
    trouble: () => trouble,
    close: () => Promise.resolve(),
  }
  const server = createIngestServer({ ingest, ...createMetrics() })
  await listen(server, 0, '127.0.0.1')
  t.after(() => closeServer(server))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/events?x=1`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  return { url, asked, post }
}

test('a request is handed on as it came, without its query', async (t) => {
  const { asked, post } = await serve(t)
  const response = await post('{"é":1}')
  assert.equal(response.status, 202)
  assert.deepEqual(asked, [
    {
      method: 'POST',
      path: '/events',
      contentType: 'application/json',
      body: Buffer.from('{"é":1}'),
    },
  ])
})

test('pages of other sites are refused, also behind a name that points here; local ones are not', async (t) => {
  const { asked, post } = await serve(t)
  for (const origin of [
    'https://evil.example',
    'http://evil.example:8090',
    'null',
    'http://127.0.0.1.evil.example',
  ])
    assert.equal((await post('{}', { origin })).status, 403, origin)
  assert.equal(asked.length, 0)
  for (const origin of ['http://127.0.0.1:8080', 'http://localhost:3000', 'http://[::1]:1'])
    assert.equal((await post('{}', { origin })).status, 202, origin)
})

test('a body that is too large is answered 413, however it is sent', async (t) => {
  const { asked, url, post } = await serve(t)
  assert.equal((await post(' '.repeat(MAX_BODY_BYTES + 1))).status, 413)
  const chunks = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let i = 0; i < 500; i++) controller.enqueue(new Uint8Array(1 << 16))
      controller.close()
    },
  })
  const streamed = await fetch(`${url}/events`, { method: 'POST', body: chunks, duplex: 'half' })
  assert.equal(streamed.status, 413)
  assert.equal(asked.length, 0)
  assert.equal((await post(' '.repeat(MAX_BODY_BYTES))).status, 202)
})

test('/metrics counts what was answered', async (t) => {
  const { url, post } = await serve(t)
  await post('{}')
  await post('{}')
  const text = await (await fetch(`${url}/metrics`)).text()
  assert.match(text, /^orderup_producer_events_total\{outcome="accepted"\} 2$/m)
  assert.match(text, /^orderup_producer_request_seconds_count\{status="202"\} 2$/m)
})

test('/healthz says what the trouble is', async (t) => {
  const well = await fetch(`${(await serve(t)).url}/healthz`)
  assert.deepEqual([well.status, await well.json()], [200, { healthy: true, kafka: 'ok' }])
  const ill = await fetch(`${(await serve(t, 'KAFKA_UNREACHABLE')).url}/healthz`)
  assert.deepEqual(
    [ill.status, await ill.json()],
    [503, { healthy: false, kafka: 'KAFKA_UNREACHABLE' }],
  )
})
