import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ratioToBaseline, spreadOf, summariesOf, type Run } from './summary.ts'

test('a spread is the median, the least and the most', () => {
  assert.deepEqual(spreadOf([30, 10, 20]), { median: 20, min: 10, max: 30, runs: 3 })
  assert.deepEqual(spreadOf([40, 10, 20, 30]), { median: 25, min: 10, max: 40, runs: 4 })
  assert.deepEqual(spreadOf([100, 9]), { median: 54.5, min: 9, max: 100, runs: 2 })
  assert.equal(spreadOf([]), undefined)
})

const run = (contestant: string, round: number, rest: Partial<Run>): Run => ({
  measure: 'throughput',
  contestant,
  round,
  seconds: 1,
  ...rest,
})

test('runs come to one summary an engine; a failed run takes nothing from the others', () => {
  // Prepare
  const runs = [
    run('flink heap', 1, { figures: { 'events/s': 300 } }),
    run('node', 1, { figures: { 'events/s': 100, 'peak RSS MiB': 50 } }),
    run('node', 2, { failure: 'it stopped' }),
    run('node', 3, { figures: { 'events/s': 200, 'peak RSS MiB': 60 } }),
    run('flink heap', 2, { failure: 'no heap' }),
    run('flink heap', 3, { failure: 'no heap' }),
    run('kafka streams', 1, { failure: 'no disk' }),
    { ...run('node', 1, { figures: { 'p50 ms': 7 } }), measure: 'latency' as const },
  ]

  // Act
  const summaries = summariesOf('throughput', runs)

  // Assess
  assert.deepEqual(summaries, [
    {
      measure: 'throughput',
      contestant: 'node',
      figures: {
        'events/s': { median: 150, min: 100, max: 200, runs: 2 },
        'peak RSS MiB': { median: 55, min: 50, max: 60, runs: 2 },
      },
      failures: ['it stopped'],
    },
    {
      measure: 'throughput',
      contestant: 'flink heap',
      figures: { 'events/s': { median: 300, min: 300, max: 300, runs: 1 } },
      failures: ['no heap'],
    },
    { measure: 'throughput', contestant: 'kafka streams', figures: {}, failures: ['no disk'] },
  ])
  const [node, flink, streams] = summaries
  assert.equal(ratioToBaseline(summaries, flink!, 'events/s'), 2)
  assert.equal(ratioToBaseline(summaries, node!, 'events/s'), 1)
  assert.equal(ratioToBaseline(summaries, flink!, 'peak RSS MiB'), undefined)
  assert.equal(ratioToBaseline(summaries, streams!, 'events/s'), undefined)
  assert.equal(ratioToBaseline([flink!], flink!, 'events/s'), undefined)
})
