import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pictureOf } from './picture.ts'
import { rowsOf, sectionOf, stateVerdict, type Point, type Report } from './report.ts'

const point = (dimension: Point['dimension'], value: number, rate: number): Point => ({
  dimension,
  value,
  figures: { 'events/s': rate, 'CPU-s per 1M': 6.25 },
})
const failed: Point = { dimension: 'partitions', value: 100, figures: {}, failure: 'no <room>' }

const points: readonly Point[] = [
  point('orders in state', 10_000_000, 70_000),
  point('orders in state', 10_000, 100_000),
  point('workers', 1, 100_000),
  point('workers', 2, 150_000),
  point('workers', 2, 200_000),
  point('partitions', 4, 90_000),
  failed,
]
const madeUp: Report = {
  name: 'growth',
  about: 'growth',
  date: '2026-01-02T03:04:05.678Z',
  machine: { cpu: 'A&B', cores: 2, memoryGiB: 24, os: 'linux x64', node: 'v24.0.0' },
  sizes: {
    runs: 2,
    ordersInState: [10_000, 10_000_000],
    updates: 1_000_000,
    partitions: [4, 100],
    workers: [1, 2],
    orders: 80_000,
    eventsPerOrder: 25,
    eventSizes: [{ items: 1, events: 1_000 }],
  },
  points,
}

test('points of one size come to their median, smallest size first; a failure is kept', () => {
  assert.deepEqual(
    rowsOf('workers', points).map(({ value, figures }) => [value, figures['events/s']]),
    [
      [1, { median: 100_000, min: 100_000, max: 100_000, runs: 1 }],
      [2, { median: 175_000, min: 150_000, max: 200_000, runs: 2 }],
    ],
  )
  assert.deepEqual(
    rowsOf('orders in state', points).map(({ value }) => value),
    [10_000, 10_000_000],
  )
  assert.deepEqual(rowsOf('partitions', points)[1], {
    value: 100,
    figures: {},
    failures: ['no <room>'],
  })
})

test('the most orders at 70 % of the rate with the fewest is enough, and less is missed', () => {
  const at = (rate: number) =>
    stateVerdict([point('orders in state', 10, 100), point('orders in state', 1_000, rate)])
  assert.deepEqual(at(70), { share: 0.7, met: true })
  assert.deepEqual(at(69), { share: 0.69, met: false })
  assert.equal(stateVerdict(points.slice(0, 1)), undefined)
  assert.equal(
    stateVerdict([point('orders in state', 10, 100), { ...failed, dimension: 'orders in state' }]),
    undefined,
  )
})

test('a section shows what is missed, what failed, and what was not measured', () => {
  const section = sectionOf(madeUp)
  for (const words of [
    'on 2026-01-02: 2 cores of A&B, 24 GiB, linux x64, Node v24.0.0. Medians of 2 runs',
    'it is 70 %: met.',
    '| 100 (failed: no <room>) |        – |            – |',
    '| 2       | 175,000 (150,000–200,000) |',
  ])
    assert.ok(section.includes(words), `${words}\n${section}`)
  const slow = [...points, point('orders in state', 100_000_000, 10_000)]
  assert.ok(sectionOf({ ...madeUp, points: slow }).includes('it is 10 %: **missed**.'))
  assert.ok(sectionOf({ ...madeUp, points: [] }).includes('**not measured**'))
})

test('a picture has a bar for each size, as long as its rate, in one scale', () => {
  const picture = pictureOf(madeUp)
  const widths = [...picture.matchAll(/<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)"/g)].map(
    ([, width]) => Number(width),
  )
  assert.equal(widths.length, 5)
  const [few, many, partitions, one, two] = widths
  for (const [width, rate] of [
    [few, 100],
    [many, 70],
    [partitions, 90],
    [one, 100],
  ] as const)
    assert.ok(Math.abs(width! / two! - rate / 175) < 0.002, `${width} of ${two}`)
  for (const words of ['>70,000 · 6.3 CPU-s/1M<', '>not measured<', 'medians of 2 runs'])
    assert.ok(picture.includes(words), words)
  assert.match(picture, /aria-label="[^"]*By workers: 1: 100,000, 2: 175,000/)
})
