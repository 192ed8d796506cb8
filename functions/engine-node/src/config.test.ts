import assert from 'node:assert/strict'
import { availableParallelism, hostname } from 'node:os'

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

test('as many workers as cores, at least one and not more than 64', () => {
  const { WORKERS } = parseConfig(EngineConfig, {})
  assert.equal(WORKERS, Math.min(availableParallelism(), 64))
  assert.equal(parseConfig(EngineConfig, { WORKERS: '3' }).WORKERS, 3)
  for (const WORKERS of ['0', '65', '1.5', ''])
    assert.throws(() => parseConfig(EngineConfig, { WORKERS }), { message: /WORKERS="/ })
})
