import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControlRecord, SwapPlan } from '@order-up/control'
import { retirePlan, shadowPlan } from './engine-plans.ts'
import { planText } from './plan-text.ts'

const RECORD: ControlRecord = {
  epoch: 3,
  shares: { 'flink-1': [[0, 99]] },
  swap: null,
  previous: 'node-1',
}

test('a dry run tells what changes, what stays, what is awaited, each step and the way back', () => {
  const plan: SwapPlan = {
    from: 'node-1 100 %',
    to: 'flink-1 100 %',
    changes: ['one', 'two'],
    stays: ['the sink'],
    waitsFor: ['flink-1'],
    undo: 'by hand',
    steps: [
      { name: 'overlap', about: 'both write' },
      { name: 'gate', about: 'both commit' },
    ],
    refused: ['no verdict'],
  }
  assert.equal(
    planText(plan),
    `A dry run: nothing was written
  now      node-1 100 %
  then     flink-1 100 %
  changes  one
           two
  stays    the sink
  waits    flink-1
  steps    overlap  both write
           gate     both commit
  undo     by hand
  refused  no verdict`,
  )
})

test('where nothing changes it says so', () => {
  const plan: SwapPlan = {
    from: 'node-1 100 %',
    to: 'node-1 100 %',
    changes: [],
    stays: [],
    waitsFor: [],
    undo: '',
    steps: [],
    refused: [],
  }
  assert.equal(
    planText(plan),
    'A dry run: nothing was written\n  now      node-1 100 %\n  changes  nothing',
  )
})

test('a new shadow owns nothing and waits for its fold', () => {
  const plan = shadowPlan(RECORD, 'node-1', 1_234)
  assert.deepEqual([plan.from, plan.to], ['flink-1 100 %', 'flink-1 100 %'])
  assert.equal(
    plan.waitsFor[1],
    'the fold of 1,234 raw records, or of what is new since it last ran',
  )
  assert.equal(
    shadowPlan(RECORD, 'node-1', null).waitsFor[1]?.startsWith('the fold of all raw'),
    true,
  )
  assert.equal(plan.undo, 'at any time: `order-up retire node`')
})

test('to retire the engine before the last swap ends the way back to it', () => {
  assert.deepEqual(retirePlan(RECORD, 'node-1').changes, [
    'node-1 stops, and the comparer with it; its state and its topics are left',
    '`order-up swap --back` to node-1 is no longer possible',
  ])
  assert.equal(retirePlan(RECORD, 'node-2').changes.length, 1)
  assert.match(
    retirePlan(RECORD, 'node-1').undo,
    /a new shadow phase: `order-up shadow start node`/,
  )
})
