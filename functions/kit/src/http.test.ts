import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { serveHealth } from './http.ts'

test('a worker that waits is alive: it is not healthy, and still not to be started anew', async (t) => {
  const health = () => ({ healthy: false, waiting_for: 'a first epoch' })
  const server = await serveHealth({ host: '127.0.0.1', port: 0 }, new Registry(), health)
  t.after(() => server.close())
  const status = async (path: string) =>
    (await fetch(`http://127.0.0.1:${server.port}${path}`)).status

  assert.equal(await status('/livez'), 200)
  assert.equal(await status('/healthz'), 503)
  assert.equal(await status('/elsewhere'), 404)
})
