import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeUp } from './report.fixture.ts'
import { allSummaries, completedBy, missingMeasures, sectionOf, type Report } from './report.ts'
import { failureLines, tableOf } from './table.ts'

const summaries = allSummaries(madeUp)

test('a table has medians, spreads where there are several runs, and multiples of the baseline', () => {
  assert.equal(
    tableOf('throughput', summaries),
    `
|               |                  events/s |    × |     CPU-s per 1M |    × | broker CPU-s per 1M | CPU-s per 1M with start | idle % of a core |        peak RSS MiB |    × |
| ------------- | ------------------------: | ---: | ---------------: | ---: | ------------------: | ----------------------: | ---------------: | ------------------: | ---: |
| node          |    41,000 (40,000–44,000) | 1.00 | 29.5 (29.0–30.0) | 1.00 |       7.0 (6.5–7.0) |        31.5 (31.0–32.0) | 0.70 (0.69–0.72) |       700 (690–720) | 1.00 |
| flink heap    | 220,000 (200,000–246,000) | 5.37 | 11.5 (11.0–12.0) | 0.39 |       3.0 (3.0–3.0) |        13.5 (13.0–14.0) | 1.45 (1.40–1.50) | 1,450 (1,400–1,500) | 2.07 |
| flink RocksDB |                         – |    – |                – |    – |                   – |                       – |                – |                   – |    – |
| kafka streams |                   123,000 | 3.00 |             17.0 | 0.58 |                 5.0 |                    19.0 |             0.90 |                 900 | 1.29 |`.trimStart(),
  )
})

test('what failed is said once for each reason', () => {
  assert.deepEqual(failureLines(summaries), [
    '- flink RocksDB (throughput), flink RocksDB (recovery): no RocksDB <here> | there',
  ])
})

test('a section names machine, date, work and failures', () => {
  const section = sectionOf(madeUp)
  for (const words of [
    'on 2026-01-02: 2 cores of A&B <C>, 24 GiB, linux x64, Node v24.0.0, Java 17.0.1. Medians of 3 runs (least–most)',
    '2,000,000 events of 80,000 orders in random order',
    'at 2,000 events/s',
    '1,000,000 orders in state',
    'Runs without figures:\n\n- flink RocksDB',
    'What could not be:',
    '| idle % of a core, node ',
  ])
    assert.ok(section.includes(words), words)
})

const of = (measure: string) => (report: Report) =>
  report.runs.filter((run) => run.measure === measure).map(({ round }) => round)

test('a run of one measure keeps the others of a run before it, with the day that they are of', () => {
  // Prepare
  const latency = madeUp.runs.filter(({ measure }) => measure === 'latency')
  const date = '2026-01-05T00:00:00.000Z'
  const alone: Report = { ...madeUp, date, measured: { latency: date }, runs: latency.slice(0, 1) }

  // Act
  const completed = completedBy(alone, madeUp)

  // Assess
  assert.deepEqual(missingMeasures(alone), ['throughput', 'recovery'])
  assert.deepEqual(missingMeasures(completed), [])
  assert.deepEqual(of('latency')(completed), [1])
  assert.deepEqual(of('recovery')(completed), of('recovery')(madeUp))
  const section = sectionOf(completed)
  assert.ok(
    section.includes(
      'the whole run; idle: 20 s of nothing to do, afterwards. Measured on 2026-01-02.',
    ),
  )
  assert.ok(section.includes('s of warm-up.\n'))
  assert.equal(sectionOf(alone).includes('**Throughput**'), false)
})

test('figures of another machine, of other sizes, or of a run that was broken off are not put beside new ones', () => {
  const alone: Report = { ...madeUp, measured: { latency: madeUp.date }, runs: [] }
  for (const before of [
    undefined,
    { ...madeUp, complete: false },
    { ...madeUp, machine: { ...madeUp.machine, cores: 4 } },
    { ...madeUp, sizes: { ...madeUp.sizes, runs: 5 } },
  ])
    assert.deepEqual(completedBy(alone, before), alone)
})
