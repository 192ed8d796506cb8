import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeWorkersOf, sizesOf } from './sizes.ts'

test('a task of the Node engine has a worker for each vCPU, and memory for all of them and five million orders', () => {
  const tiers = (['dev', 'staging', 'prod'] as const).map((tier) => {
    const { engine } = sizesOf(tier, 24)
    return { ...nodeWorkersOf(engine), memory: engine.memory }
  })

  assert.deepEqual(
    tiers.map(({ workers, stateMemory }) => [workers, stateMemory]),
    [
      [1, 341],
      [1, 682],
      [2, 682],
    ],
  )
  // the engine's own figures: functions/engine-node/src/memory-need.ts
  for (const { workers, stateMemory, memory } of tiers) {
    const need = workers * (150 + 256 + stateMemory) + 48 * 5
    assert.ok(need <= memory, `${need} of ${memory} MiB`)
  }
})
