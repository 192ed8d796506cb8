import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '@order-up/kit'
import { ParityConfig } from './config.ts'

const env = { DEPLOYMENTS: 'node-1,flink', ARTIFACTS: 'n,f', VERDICTS_URL: '/v' }

test('the two are sorted, each with its artefact; a kind alone is its first generation', () => {
  const { DEPLOYMENTS, ARTIFACTS, FLOOR_ROWS, FLOOR_ORDERS } = parseConfig(ParityConfig, env)
  assert.deepEqual(
    [DEPLOYMENTS, ARTIFACTS],
    [
      ['flink-1', 'node-1'],
      ['f', 'n'],
    ],
  )
  assert.deepEqual([FLOOR_ROWS, FLOOR_ORDERS], [10_000, 1_000])
})

test('what is not two deployments, with an artefact each, is refused by name', () => {
  for (const [change, message] of [
    [{ DEPLOYMENTS: 'node-1' }, /DEPLOYMENTS/],
    [{ DEPLOYMENTS: 'node-1,node' }, /DEPLOYMENTS="node-1,node": two different deployments/],
    [{ DEPLOYMENTS: 'node-1,node-2,flink-1' }, /DEPLOYMENTS/],
    [{ DEPLOYMENTS: 'node-1,spark' }, /one of node, flink, kafka-streams/],
    [{ ARTIFACTS: 'n' }, /ARTIFACTS/],
    [{ ARTIFACTS: 'n,' }, /ARTIFACTS/],
    [{ VERDICTS_URL: undefined }, /VERDICTS_URL is not set/],
    [{ MAX_HELD_ROWS: '0' }, /MAX_HELD_ROWS="0"/],
  ] as const)
    assert.throws(() => parseConfig(ParityConfig, { ...env, ...change }), message)
})
