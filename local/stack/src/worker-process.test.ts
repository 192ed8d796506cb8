import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { provideEngine } from './engines/engine-program.ts'
import { eventually, isAlive } from './wait.fixture.ts'
import { startEngine } from './worker-process.ts'

let folder: string
before(async () => (folder = await mkdtemp(join(tmpdir(), 'order-up-worker-'))))
after(() => rm(folder, { recursive: true }))

const node = () =>
  provideEngine('node', {
    env: process.env,
    onProgress: () => {},
    signal: new AbortController().signal,
  })

/** nothing listens on the discard port */
const NOWHERE = { KAFKA_BROKERS: '127.0.0.1:9', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9' }

test('an engine that waits is there, and says what for', { timeout: 60_000 }, async (t) => {
  const place = { deployment: 'node-2', instance: 'a', stateDir: folder, env: NOWHERE }
  const engine = await startEngine(await node(), place)
  t.after(() => engine.kill('SIGKILL'))
  await eventually(async () => (await engine.health())?.['waiting_for'] === 'the schema registry')
  const { healthy, deployment, instance } = (await engine.health())!
  assert.deepEqual(
    { healthy, deployment, instance },
    { healthy: false, deployment: 'node-2', instance: 'a' },
  )
  assert.equal(await engine.kill('SIGTERM'), 0)
  assert.equal(await engine.health(), undefined)
  assert.equal(isAlive(engine.pid), false)
})

test(
  'an engine that ends is there with its exit code and what it said',
  { timeout: 60_000 },
  async () => {
    const env = { ...NOWHERE, LOG_LEVEL: 'loud' }
    const engine = await startEngine(await node(), {
      deployment: 'flink-1',
      instance: 'a',
      stateDir: folder,
      env,
    })
    assert.equal(await engine.exited, 2)
    for (const wrong of [/DEPLOYMENT="flink-1": node-1, node-2/, /LOG_LEVEL="loud": /])
      assert.match(engine.stderr(), wrong)
  },
)
