import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControlRecord, Verdict } from '@order-up/control'
import type { EngineRun } from '@order-up/stack'
import {
  deploymentsOf,
  engineLines,
  engineTable,
  swapLine,
  verdictLine,
  verdictText,
} from './engine-lines.ts'

const swapping: ControlRecord = {
  epoch: 8,
  shares: { 'node-1': [[0, 99]], 'flink-1': [[0, 9]] },
  swap: {
    step: 'overlap',
    from: { 'node-1': [[0, 99]] },
    target: { 'node-1': [[10, 99]], 'flink-1': [[0, 9]] },
    startedAt: 0,
  },
  previous: null,
}
const flink: EngineRun = {
  deployment: 'flink-1',
  artifact: 'f1',
  state: 'failed',
  workers: 2,
  problem: 'it ended\n  | a line of its log',
  log: '/logs/flink-1.log',
}
const shadow: EngineRun = {
  deployment: 'kafka-streams-1',
  artifact: 'k1',
  state: 'running',
  workers: null,
  problem: null,
  log: '/logs/kafka-streams-1.log',
}

test('all that run, and all that the epoch needs, have a line: what they own, how far behind', () => {
  assert.deepEqual(deploymentsOf(swapping, [shadow]), {
    deployments: ['flink-1', 'kafka-streams-1', 'node-1'],
    owner: 'node-1',
  })
  const lags = { 'flink-1': 1_200, 'kafka-streams-1': 0, 'node-1': null }
  const lines = engineLines(swapping, [flink, shadow], lags)
  assert.deepEqual(engineTable(lines).split('\n'), [
    'engine           state              owns    behind  artefact',
    'flink-1          failed             10 %      1200  f1',
    'kafka-streams-1  running            shadow       0  k1',
    'node-1           does not run here  100 %        -  -',
    'flink-1: it ended: /logs/flink-1.log',
  ])
})

test('without an epoch, what runs is shown all the same', () => {
  const [line] = engineLines(null, [shadow], {})
  assert.deepEqual([line!.deployment, line!.owns, line!.lag], ['kafka-streams-1', 0, null])
})

test('a swap in progress is told with its step and the ways on', () => {
  assert.equal(swapLine(null), null)
  assert.equal(swapLine({ ...swapping, swap: null }), null)
  const line = swapLine(swapping)!
  assert.deepEqual([line.step, line.startedAt, line.forced], ['overlap', 0, null])
  assert.match(line.stands, /node-1 90 %, flink-1 10 % stands at overlap/)
  assert.match(line.next, /order-up split flink=10.*order-up swap --back/)
})

test('a verdict is a line; a PASS that no longer holds says why', () => {
  const pass: Verdict = {
    verdict: 'PASS',
    reason: 'equal',
    sides: [
      { deployment: 'flink-1', artifact: 'f1' },
      { deployment: 'kafka-streams-1', artifact: 'k0' },
    ],
    contractVersion: 1,
    schemaIds: {},
    at: 0,
    expiresAt: 1_000,
  }
  const text = (verdict: Verdict, now: number) =>
    verdictText(verdictLine(verdict, [flink, shadow], now))
  assert.equal(
    text(pass, 2_000),
    'verdict PASS: equal (1970-01-01T00:00:00.000Z); but the verdict expired at 1970-01-01T00:00:01.000Z, kafka-streams-1 runs another artefact than the verdict is about',
  )
  assert.equal(
    text({ ...pass, verdict: 'FAIL', reason: 'status' }, 2_000),
    'verdict FAIL: status (1970-01-01T00:00:00.000Z)',
  )
  const holds = {
    ...pass,
    sides: [pass.sides[0], { deployment: 'kafka-streams-1', artifact: 'k1' }],
  }
  assert.equal(text(holds as Verdict, 0), 'verdict PASS: equal (1970-01-01T00:00:00.000Z)')
})
