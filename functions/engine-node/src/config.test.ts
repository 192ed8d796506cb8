import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { parseConfig } from '@order-up/kit'
import { EngineConfig } from './config.ts'

test('a worker that nobody named has the name of its host: tasks of one service are told apart', () => {
  assert.equal(parseConfig(EngineConfig, {}).INSTANCE, hostname())
  assert.equal(parseConfig(EngineConfig, { INSTANCE: '2' }).INSTANCE, '2')
})

test('a name that is no folder is refused', () => {
  assert.throws(
    () => parseConfig(EngineConfig, { INSTANCE: 'a/b' }),
    /INSTANCE="a\/b": 1 to 64 letters, digits, \., _ or -/,
  )
})
