import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from './metrics.ts'
import { countedIn, sumOf, type Measured } from './sum-metrics.ts'

type Metrics = ReturnType<typeof createMetrics>

async function measured(of: (metrics: Metrics) => void): Promise<Measured> {
  const metrics = createMetrics()
  of(metrics)
  return metrics.registry.getMetricsAsJSON()
}

/** By name and labels, of one metric. */
async function shown(all: readonly Measured[], name: string): Promise<Record<string, number>> {
  const text = await sumOf(all).metrics()
  const lines = text.split('\n').filter((line) => line.startsWith(name))
  return Object.fromEntries(
    lines.map((line) => {
      const [key, value] = line.slice(name.length).split(' ')
      return [key!, Number(value)] as const
    }),
  )
}

test('what several workers measure makes one', async () => {
  const one = await measured((m) => {
    m.records.inc({ partition: 0, outcome: 'applied' }, 3)
    m.records.inc({ partition: 1, outcome: 'applied' }, 4)
    m.lag.set({ partition: 0 }, 7)
    m.offset.set({ partition: 0 }, 10)
    m.epoch.set(2)
    m.transaction.observe(0.015)
  })
  const other = await measured((m) => {
    m.records.inc({ partition: 1, outcome: 'applied' }, 5)
    m.lag.set({ partition: 1 }, 8)
    m.offset.set({ partition: 0 }, 9) // it was its own before
    m.epoch.set(1)
    m.transaction.observe(9)
  })
  const both = [one, other]

  assert.deepEqual(await shown(both, 'orderup_engine_records_total'), {
    '{partition="0",outcome="applied"}': 3,
    '{partition="1",outcome="applied"}': 9,
  })
  assert.deepEqual(await shown(both, 'orderup_engine_lag_records'), {
    '{partition="0"}': 7,
    '{partition="1"}': 8,
  })
  assert.deepEqual(await shown(both, 'orderup_engine_next_offset'), { '{partition="0"}': 10 })
  assert.deepEqual(await shown(both, 'orderup_engine_epoch'), { '': 1 })
  const {
    '_bucket{le="0.02"}': fast,
    '_bucket{le="+Inf"}': all,
    _count: count,
    _sum: seconds,
  } = await shown(both, 'orderup_engine_transaction_seconds')
  assert.deepEqual([fast, all, count, seconds], [1, 2, 2, 9.015])
})

test('of a worker that is gone what it had counted stays, and no gauge', async () => {
  const gone = countedIn(
    await measured((m) => {
      m.records.inc({ partition: 0, outcome: 'applied' }, 3)
      m.lag.set({ partition: 0 }, 7)
      m.transaction.observe(1)
    }),
  )

  assert.deepEqual(await shown([gone], 'orderup_engine_records_total'), {
    '{partition="0",outcome="applied"}': 3,
  })
  assert.equal((await shown([gone], 'orderup_engine_transaction_seconds'))['_count'], 1)
  assert.deepEqual(await shown([gone], 'orderup_engine_lag_records'), {})
})
