import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeUp } from './report.fixture.ts'
import { allSummaries, sectionOf, withSection } from './report.ts'
import { failureLines, tableOf } from './table.ts'

const summaries = allSummaries(madeUp)

test('a table has medians, spreads where there are several runs, and multiples of the baseline', () => {
  assert.equal(
    tableOf('throughput', summaries),
    `
|               |                  events/s |    × |     CPU-s per 1M |    × | broker CPU-s per 1M | CPU-s per 1M with start |        peak RSS MiB |    × |
| ------------- | ------------------------: | ---: | ---------------: | ---: | ------------------: | ----------------------: | ------------------: | ---: |
| node          |    41,000 (40,000–44,000) | 1.00 | 29.5 (29.0–30.0) | 1.00 |       7.0 (6.5–7.0) |        31.5 (31.0–32.0) |       700 (690–720) | 1.00 |
| flink heap    | 220,000 (200,000–246,000) | 5.37 | 11.5 (11.0–12.0) | 0.39 |       3.0 (3.0–3.0) |        13.5 (13.0–14.0) | 1,450 (1,400–1,500) | 2.07 |
| flink RocksDB |                         – |    – |                – |    – |                   – |                       – |                   – |    – |
| kafka streams |                   123,000 | 3.00 |             17.0 | 0.58 |                 5.0 |                    19.0 |                 900 | 1.29 |`.trimStart(),
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
  ])
    assert.ok(section.includes(words), words)
})

test('a section takes the place of the one before it, and nothing else of the page', () => {
  // Prepare
  const page = '# Results\n\nBefore.\n'

  // Act
  const once = withSection(page, { ...madeUp, date: '2025-01-01T00:00:00.000Z' })
  const twice = withSection(`${once}\nAfter.\n`, madeUp)

  // Assess
  assert.ok(once.startsWith('# Results\n\nBefore.\n\n<!-- engines'))
  assert.ok(twice.startsWith('# Results\n\nBefore.\n\n<!-- engines'))
  assert.ok(twice.endsWith('-->\n\nAfter.\n'))
  assert.equal(twice.includes('2025-01-01'), false)
  assert.equal(twice.split('What was held equal').length, 2)
})
