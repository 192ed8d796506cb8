import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logGroup } from './log-group.ts'
import { KEY, register } from './stack.fixture.ts'

const registeredWith = async (protect: boolean) => {
  const { one } = await register(() => {
    logGroup('engine', { keyArn: KEY, logRetentionDays: 90, protect }, {})
  })
  const { protect: isProtected, retainOnDelete } = one('aws:cloudwatch/logGroup:LogGroup')
  return { isProtected, retainOnDelete }
}

test('where stacks are protected, a log outlives its engine and does not keep it from leaving', async () => {
  assert.deepEqual(await registeredWith(true), { isProtected: false, retainOnDelete: true })
  assert.deepEqual(await registeredWith(false), { isProtected: false, retainOnDelete: false })
})
