import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Measure } from './contestants.ts'
import type { Summary } from './summary.ts'
import { verdictsOf, verdictTable } from './verdicts.ts'

const summary = (
  measure: Measure,
  contestant: string,
  figures: Record<string, number>,
): Summary => ({
  measure,
  contestant,
  figures: Object.fromEntries(
    Object.entries(figures).map(([key, median]) => [
      key,
      { median, min: median, max: median, runs: 1 },
    ]),
  ),
  failures: [],
})

const drained = (name: string, rate: number, cpu: number, idle = 0.4) =>
  summary('throughput', name, { 'events/s': rate, 'CPU-s per 1M': cpu, 'idle % of a core': idle })

test('each target is met or missed by the medians, at its limit too', () => {
  // Prepare: 6.3 is above none of 7, 0.6 × 10 = 6 and 0.42 × 15 = 6.3; 6.9 only of the first
  const summaries = [
    drained('node', 110_000, 6.9, 0.99),
    drained('node native', 90_000, 7.5, 1),
    drained('node, all cores', 150_000, 7),
    drained('flink heap', 150_000, 10),
    drained('flink RocksDB', 90_000, 18),
    drained('kafka streams', 100_000, 15),
    summary('latency', 'node', { 'p99 ms': 100 }),
    summary('latency', 'kafka streams', { 'p99 ms': 99 }),
    summary('recovery', 'node', { 'first row s': 8 }),
    summary('recovery', 'kafka streams', { 'first row s': 3 }),
    summary('recovery', 'kafka streams, not static', { 'first row s': 16 }),
  ]

  // Act
  const verdicts = verdictsOf(summaries)

  // Assess
  assert.deepEqual(
    verdicts.map(({ figure, measured, met }) => [figure, measured, met]),
    [
      ['CPU-s per 1M, node', '6.9; 0.69 ×; 0.46 ×', true],
      ['CPU-s per 1M, node native', '7.5; 0.75 ×; 0.50 ×', false],
      ['events/s, node, all cores', '150,000; 1.50 ×', true],
      ['events/s, node, all cores', '150,000; 1.67 ×', true],
      ['events/s, node, all cores', '150,000; 1.00 ×', false],
      ['p99 ms, node', '100', true],
      ['p99 ms, node', '100 and 99', false],
      ['idle % of a core, node', '0.99', true],
      ['idle % of a core, node native', '1.00', false],
      ['kill -9 to first row s, node', '8.0', true],
      ['kill -9 to first row s, node', '8.0; 0.50 ×', true],
    ],
  )
})

test('one of the three ways is enough for the CPU: by a share of the others', () => {
  const others = [drained('flink heap', 1, 20), drained('kafka streams', 1, 30)]
  const cpu = (own: number) => verdictsOf([drained('node', 1, own), ...others])[0]!.met
  assert.deepEqual([cpu(12), cpu(12.6), cpu(12.7)], [true, true, false])
})

test('what was not measured is not known, and neither met nor missed', () => {
  assert.ok(verdictsOf([]).every(({ met }) => met === undefined))
  // 8 CPU-s may yet be little beside an engine that has no figures
  const [cpu] = verdictsOf([drained('node', 1, 8)])
  assert.deepEqual([cpu!.measured, cpu!.met], ['8.0; unknown ×; unknown ×', undefined])
})

test('a table says what is missed aloud', () => {
  const verdicts = [
    { figure: 'a', target: '≤ 1', measured: '2', met: false },
    { figure: 'b', target: '≤ 1', measured: '1', met: true },
    { figure: 'c', target: '≤ 1', measured: 'unknown', met: undefined },
  ]
  assert.equal(
    verdictTable(verdicts),
    `
| Node | target | measured |            |
| ---- | -----: | -------: | ---------: |
| a    |    ≤ 1 |        2 | **missed** |
| b    |    ≤ 1 |        1 |        met |
| c    |    ≤ 1 |  unknown |  not known |`.trimStart(),
  )
})
