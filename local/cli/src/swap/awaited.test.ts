import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControlRecord, Observation, Swap } from '@order-up/control'
import { awaitedText, behindOf } from './awaited.ts'

const FROM = { 'node-1': [[0, 99] as [number, number]] }
const TARGET = { 'flink-1': [[0, 99] as [number, number]] }
const STARTED = { from: FROM, target: TARGET, startedAt: 0 }

/** node-1 stands at 900 and 800 of 1,000 each, flink-1 at 1,000 and 0. */
function seen(swap: Swap | null, epochs: Record<string, number | undefined> = {}): Observation {
  const current: ControlRecord = { epoch: 2, shares: FROM, swap, previous: null }
  const instance = (id: string) => ({ instance: '1', epoch: id in epochs ? epochs[id] : 2 })
  return {
    current,
    ends: [1_000, 1_000],
    deployments: {
      'node-1': { instances: [instance('node-1')], committed: [900, 800] },
      'flink-1': { instances: [instance('flink-1'), instance('other')], committed: [1_000, 0] },
    },
    now: 0,
  }
}

test('before it begins: how far behind the one is that is to take over', () => {
  assert.equal(awaitedText(seen(null), TARGET), 'flink-1 is 1,000 behind')
  assert.equal(awaitedText(seen(null), FROM), undefined)
})

test('overlap: who has yet to take the epoch up', () => {
  const swap: Swap = { step: 'overlap', ...STARTED }
  assert.equal(awaitedText(seen(swap), TARGET), undefined)
  assert.equal(
    awaitedText(seen(swap, { 'flink-1': 1 }), TARGET),
    '1 of 2 of flink-1 yet to take up epoch 2',
  )
  const none = seen(swap)
  none.deployments['flink-1']!.instances = []
  assert.equal(awaitedText(none, TARGET), 'no instance of flink-1 is seen')
})

test('gate: partitions are one figure, and a dead one is not waited for', () => {
  const swap: Swap = { step: 'gate', ...STARTED, sampled: [950, 801] }
  assert.equal(
    awaitedText(seen(swap), TARGET),
    'node-1 has 51 records to go, flink-1 has 801 records to go, flink-1 is 1,000 behind',
  )
  assert.equal(
    awaitedText(seen(swap), TARGET, ['node-1']),
    'flink-1 has 801 records to go, flink-1 is 1,000 behind',
  )
  assert.equal(
    awaitedText(seen({ ...swap, sampled: [900, 1] }), TARGET),
    'flink-1 has 1 record to go, flink-1 is 1,000 behind',
  )
})

test('release: both have to take the epoch up', () => {
  const swap: Swap = { step: 'release', ...STARTED, sampled: [0, 0] }
  assert.equal(
    awaitedText(seen(swap, { 'node-1': 1, 'flink-1': undefined, other: undefined }), TARGET),
    'node-1 yet to take up epoch 2, 2 of 2 of flink-1 yet to take up epoch 2',
  )
})

test('settle: what the incoming has to commit', () => {
  const swap: Swap = { step: 'settle', ...STARTED, sampled: [0, 0], until: [1_000, 1_000] }
  assert.equal(awaitedText(seen(swap), TARGET), 'flink-1 has 1,000 records to go')
})

test('who has committed nothing is behind by all there is', () => {
  assert.equal(behindOf(seen(null), 'kafka-streams-1'), 2_000)
})
