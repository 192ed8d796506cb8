import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDeploy } from './deploy.fixture.ts'
import { freePort } from './ports.ts'

test('a registry that never answers fails the deploy, which says why it waited', async () => {
  const attempt = runDeploy({
    SCHEMA_REGISTRY_URL: `http://127.0.0.1:${await freePort()}`,
    REGISTRY_DEADLINE_MS: '50',
  })
  await assert.rejects(attempt, { code: 1, stderr: /schema registry .* does not answer/ })
})
