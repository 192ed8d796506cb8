import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TimeLag } from '@order-up/kit'
import { createSinkMetrics, EXPORTED } from './metrics.ts'

test('what goes to CloudWatch is measured here, and a gauge says how its partitions make one value', async () => {
  const { registry } = createSinkMetrics()

  const metrics = await registry.getMetricsAsJSON()

  for (const { from, over } of EXPORTED) {
    const metric = metrics.find(({ name }) => name === from)
    assert.ok(metric, from)
    assert.equal(String(metric.type) === 'gauge', over !== undefined, from)
  }
})

test('lag in time is of the partitions held now, and NaN where it is not known', async () => {
  const { lags, lagSeconds } = createSinkMetrics()
  const caughtUp = new TimeLag(5)
  caughtUp.looked(5, Date.now())
  lags.set(1, caughtUp)
  lags.set(2, new TimeLag(0))

  const before = (await lagSeconds.get()).values
  lags.delete(2)
  const after = (await lagSeconds.get()).values

  assert.deepEqual(
    before.map(({ labels, value }) => [labels.partition, value]),
    [
      [1, 0],
      [2, NaN],
    ],
  )
  assert.deepEqual(
    after.map(({ labels }) => labels.partition),
    [1],
  )
})
