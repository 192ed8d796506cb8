import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planSwap, type PlannedSwap } from './swap-plan.ts'
import type { ControlRecord, Swap } from './swap-record.ts'

const record = (extra: Partial<ControlRecord> = {}): ControlRecord => ({
  epoch: 4,
  shares: { 'node-1': [[0, 99]] },
  swap: null,
  previous: null,
  ...extra,
})
const toFlink: PlannedSwap = {
  target: { 'flink-1': [[0, 99]] },
  running: ['node-1', 'flink-1'],
  lagBound: 50_000,
}
const STAYS = [
  'producer, topics, schemas, sink and warehouse: no setting of theirs changes, and none is restarted',
  'every engine that runs: none is restarted, and each goes on folding every event',
]
const SETTLE = {
  name: 'settle',
  about:
    'what curated lacks is filled in from the shadow topics of flink-1, marked order-up-filled',
}

test('a cutover: all five parts of its plan', () => {
  const plan = planSwap(record(), toFlink, ['there is no verdict'])

  assert.deepEqual(plan, {
    from: 'node-1 100 %',
    to: 'flink-1 100 %',
    changes: ['node-1: 100 % → 0 % of the orders', 'flink-1: 0 % → 100 % of the orders'],
    stays: STAYS,
    waitsFor: [
      'flink-1 to be at most 50,000 records behind',
      'flink-1 to report epoch 5',
      'node-1 and flink-1 to commit what raw holds by then',
      'flink-1 to be at most 50,000 records behind',
      'node-1 and flink-1 to report epoch 6',
      'flink-1 to commit what raw holds by then',
    ],
    undo: 'before `release` at once, by `order-up swap --back`; then by `order-up swap --back`, without a verdict, while node-1 goes on running',
    steps: [
      {
        name: 'overlap',
        about: 'epoch 5: flink-1 gets its buckets as well; until it reports that',
      },
      {
        name: 'gate',
        about:
          'both write, rows twice that are equal; until node-1 and flink-1 have committed what raw held',
      },
      {
        name: 'release',
        about: 'epoch 6: node-1 gives its buckets up; until node-1 and flink-1 report that',
      },
      SETTLE,
    ],
    refused: ['there is no verdict'],
  })
})

test('a failover: nobody waits for the dead, and there is no way back to it', () => {
  const plan = planSwap(record(), {
    ...toFlink,
    running: ['flink-1'],
    forced: 'failover: node-1 is dead',
    dead: ['node-1'],
  })

  assert.deepEqual(plan.waitsFor, [
    'flink-1 to report epoch 5',
    'flink-1 to report epoch 6',
    'flink-1 to commit what raw holds by then',
  ])
  assert.deepEqual(plan.steps, [
    {
      name: 'overlap',
      about:
        'epoch 5: open transactions of node-1 are aborted, and flink-1 gets its buckets as well; until it reports that',
    },
    { name: 'gate', about: 'nobody else writes any more, so that nothing is awaited' },
    {
      name: 'release',
      about: 'epoch 6: node-1 gives its buckets up; until flink-1 reports that',
    },
    SETTLE,
  ])
  assert.equal(plan.undo, 'not at once: node-1 does not run; the way back is a new shadow phase')
  assert.deepEqual(plan.refused, [])
})

test('a share: it asks for no verdict, and is given back by the command that gave it', () => {
  const split: PlannedSwap = {
    ...toFlink,
    target: { 'node-1': [[10, 99]], 'flink-1': [[0, 9]] },
  }
  const plan = planSwap(record(), split, ['there is no verdict'])

  assert.deepEqual(plan.refused, [])
  assert.deepEqual(plan.changes, [
    'node-1: 100 % → 90 % of the orders',
    'flink-1: 0 % → 10 % of the orders',
  ])
  assert.equal(
    plan.undo,
    'before `release` at once, by `order-up swap --back`; then by `order-up split flink=0`',
  )
})

test('a swap in progress: what is left of it, and where it turns', () => {
  const swap = {
    from: { 'node-1': [[0, 99]] },
    target: toFlink.target,
    startedAt: 0,
    sampled: [1],
  } satisfies Partial<Swap>
  const both = { ...swap.from, ...swap.target }
  const gate = record({ epoch: 5, shares: both, swap: { ...swap, step: 'gate' } })
  const settle = record({
    epoch: 6,
    shares: swap.target,
    swap: { ...swap, step: 'settle', until: [2] },
  })
  const back: PlannedSwap = { ...toFlink, target: swap.from }
  const names = (plan: ReturnType<typeof planSwap>) =>
    plan.steps.map(({ name, about }) => `${name} ${/epoch \d+/.exec(about)?.[0] ?? ''}`.trim())

  const on = planSwap(gate, toFlink)
  assert.equal(on.from, 'flink-1 100 %, node-1 100 %')
  assert.deepEqual(names(on), ['gate', 'release epoch 6', 'settle'])
  assert.match(on.undo, /^before `release` at once/)

  const taken = planSwap(gate, back)
  assert.deepEqual(taken.steps, [
    {
      name: 'take back',
      about: 'epoch 6: node-1 100 % again; nobody has given up a bucket yet',
    },
  ])
  assert.deepEqual([taken.waitsFor, taken.undo, taken.refused], [[], '', []])

  const turned = planSwap(settle, back)
  assert.deepEqual(names(turned), [
    'settle',
    'overlap epoch 7',
    'gate',
    'release epoch 8',
    'settle',
  ])
  assert.equal(planSwap(settle, toFlink).undo.startsWith('once it is done by'), true)

  const third = planSwap(gate, { ...toFlink, target: { 'kafka-streams-1': [[0, 99]] } })
  assert.equal(third.refused.length, 2)
  assert.match(third.refused[0]!, /^kafka-streams-1 is to own buckets, but/)
  assert.match(
    third.refused[1]!,
    /^a swap from node-1 100 % to flink-1 100 % stands at gate, since/,
  )
})

test('nothing to do, the first epoch, and the end of a way back', () => {
  const none = planSwap(record(), { ...toFlink, target: { 'node-1': [[0, 99]] } })
  assert.deepEqual([none.changes, none.waitsFor, none.steps, none.undo], [[], [], [], ''])
  const first = planSwap(undefined, toFlink)
  assert.deepEqual([first.from, first.undo], ['nobody', ''])
  assert.deepEqual(first.steps, [{ name: 'begin', about: 'epoch 1: flink-1 100 %' }])
  const retired = planSwap(record({ previous: 'flink-1' }), {
    ...toFlink,
    target: { 'node-1': [[0, 99]] },
    running: ['node-1'],
  })
  assert.deepEqual(retired.changes, ['`order-up swap --back` to flink-1 is no longer possible'])
})
