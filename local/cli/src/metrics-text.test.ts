import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMetrics, quantileOf, sumOf } from './metrics-text.ts'

const TEXT = `# HELP records what they are
# TYPE records counter
records{partition="0",outcome="applied"} 10
records{partition="1",outcome="applied"} 5
records{partition="1",outcome="duplicate"} 2
records_other 7
latency_bucket{le="0.1"} 50
latency_bucket{le="0.2"} 90
latency_bucket{le="+Inf"} 100
latency_sum 12.5
odd{text="a \\"quoted\\", b"} 1e3
`
const samples = parseMetrics(TEXT)

test('labels and values are read, comments are not', () => {
  assert.deepEqual(samples[0], {
    name: 'records',
    labels: { partition: '0', outcome: 'applied' },
    value: 10,
  })
  assert.deepEqual(samples.at(-1), {
    name: 'odd',
    labels: { text: 'a \\"quoted\\", b' },
    value: 1_000,
  })
  assert.equal(samples.length, 9)
})

test('a sum is over what matches, and unknown where nothing does', () => {
  assert.equal(sumOf(samples, 'records', { outcome: 'applied' }), 15)
  assert.equal(sumOf(samples, 'records'), 17)
  assert.equal(sumOf(samples, 'records', { outcome: 'dead_letter' }), undefined)
})

test('a quantile is interpolated within its bucket', () => {
  assert.equal(quantileOf(samples, 'latency', 0.25), 0.05)
  assert.equal(quantileOf(samples, 'latency', 0.7), 0.15000000000000002)
  assert.equal(quantileOf(samples, 'latency', 0.99), 0.2) // beyond the last bound: at least that
  assert.equal(quantileOf(samples, 'absent', 0.5), undefined)
})

test('the buckets of several workers are added up', () => {
  assert.equal(quantileOf([...samples, ...samples], 'latency', 0.25), 0.05)
})
