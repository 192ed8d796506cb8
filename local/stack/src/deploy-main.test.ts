import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createRegistry } from '@order-up/kit'
import { RAW_SUBJECT } from '@order-up/schemas'
import { freePort } from './ports.ts'
import { withTestStack } from './testing.ts'

const run = promisify(execFile)
const deploy = (env: Record<string, string>) =>
  run(process.execPath, ['--no-warnings', join(import.meta.dirname, 'deploy-main.ts')], { env })

test('a second deploy changes nothing, and names what differs', async () => {
  await withTestStack({ partitions: 2 }, async ({ kafkaConfig, registryUrl }) => {
    const ids = await createRegistry(registryUrl).subjectIds(RAW_SUBJECT)
    assert.equal((await deploy({ ...kafkaConfig, PARTITIONS: '2' })).stderr, '')
    const { stderr } = await deploy({ ...kafkaConfig, PARTITIONS: '3' })
    assert.match(stderr, /the topics have 2 partitions, not 3/)
    assert.deepEqual(await createRegistry(registryUrl).subjectIds(RAW_SUBJECT), ids)
  })
})

test('a registry that never answers fails the deploy, which says why it waited', async () => {
  const attempt = deploy({
    SCHEMA_REGISTRY_URL: `http://127.0.0.1:${await freePort()}`,
    REGISTRY_DEADLINE_MS: '50',
  })
  await assert.rejects(attempt, { code: 1, stderr: /schema registry .* does not answer/ })
})
