import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryNeed, storeBytes } from './memory-need.ts'

test('what workers take at most is known before they start', () => {
  assert.deepEqual(memoryNeed(4, 256), {
    perWorkerMiB: 150 + 256 + 256,
    totalMiB: 4 * 662,
    perMillionOrdersMiB: 48,
  })
})

test('the stores of a worker keep its budget between them', () => {
  const MIB = 2 ** 20
  assert.equal(storeBytes(256, 4, 1), 64 * MIB)
  assert.equal(storeBytes(256, 4, 2), 128 * MIB)
  assert.equal(storeBytes(256, 5, 2), Math.floor((256 * MIB) / 3), 'one of them has three')
  assert.equal(storeBytes(4_096, 4, 8), 4_096 * MIB, 'more than 32 bits hold')
})
