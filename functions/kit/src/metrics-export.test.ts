import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { EmfDocument } from './emf.fixture.ts'
import { TerminalError } from './errors.ts'
import {
  createMetricsExport,
  flushAfterInvocation,
  flushEachMinute,
  measure,
  type Exported,
} from './metrics-export.ts'

const BUCKETS = [0.1, 0.5, 1, 5, 10]

const EXPORTED: readonly Exported[] = [
  { from: 'records_total', as: 'Applied', unit: 'Count', where: { outcome: 'applied' } },
  { from: 'records_total', as: 'DeadLetters', unit: 'Count', where: { outcome: 'dead_letter' } },
  { from: 'lag_seconds', as: 'LagSeconds', unit: 'Seconds', over: 'max' },
  { from: 'lag_records', as: 'LagRecords', unit: 'Count', over: 'sum' },
  { from: 'latency_seconds', as: 'Latency', unit: 'Seconds' },
]

function scene() {
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['partition'] as const
  return {
    registry,
    records: new Counter({
      name: 'records_total',
      help: '-',
      labelNames: ['partition', 'outcome'] as const,
      registers,
    }),
    lag: new Gauge({ name: 'lag_seconds', help: '-', labelNames, registers }),
    lagRecords: new Gauge({ name: 'lag_records', help: '-', labelNames, registers }),
    latency: new Histogram({ name: 'latency_seconds', help: '-', buckets: BUCKETS, registers }),
  }
}

/** An export whose lines are kept, read back as CloudWatch would. */
function exportOf(registry: Registry, up?: () => boolean) {
  const lines: string[] = []
  const metrics = createMetricsExport(
    { METRICS: 'emf', STACK: 'dev' },
    {
      registry,
      exported: EXPORTED,
      worker: 'node-1',
      ...(up && { up }),
      write: (line) => lines.push(line),
    },
  )!
  const taken = () =>
    lines.splice(0).map((line) => {
      const { _aws, ...members } = EmfDocument.parse(JSON.parse(line))
      return members
    })
  return { metrics, taken, lines }
}

test('counters are what has come since the last line, from 0 on; partitions are taken together', async () => {
  const { registry, records, lag, lagRecords } = scene()
  const { metrics, taken } = exportOf(registry, () => true)
  const worker = { Stack: 'dev', Worker: 'node-1', Up: 1 }

  await metrics.flush()
  records.inc({ partition: 0, outcome: 'applied' }, 5)
  records.inc({ partition: 1, outcome: 'applied' }, 2)
  records.inc({ partition: 1, outcome: 'dead_letter' })
  for (const partition of [0, 1]) {
    lag.set({ partition }, 3 + partition)
    lagRecords.set({ partition }, 10)
  }
  await metrics.flush()
  lag.set({ partition: 0 }, NaN)
  records.inc({ partition: 0, outcome: 'applied' }, 1)
  await metrics.flush()

  assert.deepEqual(taken(), [
    { ...worker, Applied: 0, DeadLetters: 0 },
    { ...worker, Applied: 7, DeadLetters: 1, LagSeconds: 4, LagRecords: 20 },
    { ...worker, Applied: 1, DeadLetters: 0, LagRecords: 20 },
  ])
})

test('a histogram is its quantiles of the last minute', async () => {
  const { registry, latency } = scene()
  const { metrics, taken, lines } = exportOf(registry)
  for (let i = 0; i < 98; i++) latency.observe(0.3)
  latency.observe(4)
  latency.observe(1_000)
  await metrics.flush()
  assert.ok(lines[0]!.length < 16_384)
  const [first] = taken()

  latency.observe(0.05)
  await metrics.flush()

  const values = first!['Latency'] as number[]
  assert.equal(values.length, 100)
  assert.ok(values.slice(0, 98).every((value) => value > 0.1 && value <= 0.5))
  assert.deepEqual(values.slice(98), [3, 10], 'beyond the last bound that bound is shown')
  assert.deepEqual(taken()[0]!['Latency'], [0.05])
})

test('quantiles err by a bucket and by one rank in a hundred', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: 0, max: 9.9, noNaN: true }), { minLength: 1, maxLength: 500 }),
      async (observed) => {
        const { registry, latency } = scene()
        for (const value of observed) latency.observe(value)

        const { measures } = measure(await registry.getMetricsAsJSON(), new Map(), EXPORTED)

        const values = measures['Latency']!.value as number[]
        assert.equal(values.length, Math.min(100, observed.length))
        const sorted = observed.toSorted((a, b) => a - b)
        for (const [i, value] of values.entries()) {
          const truth = sorted[Math.ceil(((i + 0.5) / values.length) * sorted.length) - 1]!
          const upper = BUCKETS.find((bound) => truth <= bound)!
          const lower = BUCKETS.findLast((bound) => bound < truth) ?? 0
          assert.ok(value >= lower && value <= upper, `${value} for ${truth}`)
        }
      },
    ),
    { numRuns: 50 },
  )
})

test('what is counted between any flushes is counted once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1_000), { maxLength: 20 }), async (counts) => {
      const { registry, records } = scene()
      const { metrics, taken } = exportOf(registry)
      for (const count of counts) {
        records.inc({ partition: count % 3, outcome: 'applied' }, count)
        await metrics.flush()
      }
      const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)

      assert.equal(sum(taken().map(({ Applied }) => Applied as number)), sum(counts))
    }),
    { numRuns: 20 },
  )
})

test('written at once, each minute, and when it ends', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { registry } = scene()
  let up = true
  const { metrics, taken, lines } = exportOf(registry, () => up)
  const minute = async (count: number) => {
    for (let i = 0; i < 100 && lines.length < count; i++) await new Promise(setImmediate)
  }

  const end = flushEachMinute(metrics)
  await minute(1)
  up = false
  t.mock.timers.tick(60_000)
  await minute(2)
  await end()
  t.mock.timers.tick(120_000)
  await new Promise(setImmediate)

  assert.deepEqual(
    taken().map(({ Up }) => Up),
    [1, 0, 0],
  )
})

test('a Lambda writes once a minute at most, and what came in between with the next line', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const { registry, records } = scene()
  const { metrics, taken } = exportOf(registry)
  const flush = flushAfterInvocation(metrics)
  const invoke = () => {
    records.inc({ partition: 0, outcome: 'applied' })
    return flush()
  }

  for (const wait of [0, 30_000, 29_999, 1, 200_000]) {
    t.mock.timers.tick(wait)
    await invoke()
  }

  assert.deepEqual(
    taken().map(({ Applied }) => Applied),
    [1, 3, 1],
  )
})

test('off unless asked for, and then with a stack', () => {
  const options = { registry: new Registry(), exported: EXPORTED, worker: 'sink' }
  assert.equal(createMetricsExport({}, options), undefined)
  assert.throws(
    () => createMetricsExport({ METRICS: 'emf' }, options),
    new TerminalError('CONFIG', 'METRICS=emf needs STACK: the name of the stack'),
  )
})
