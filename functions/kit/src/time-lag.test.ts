import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimeLag } from './time-lag.ts'

const S = 1_000

test('caught up is 0; behind is counted from the last look at which it was not', () => {
  const lag = new TimeLag(7)
  assert.ok(Number.isNaN(lag.seconds(100 * S)), 'nobody has looked')

  lag.looked(7, 100 * S)
  assert.equal(lag.seconds(104 * S), 0)
  lag.looked(9, 105 * S)
  assert.equal(lag.seconds(107 * S), 7)
  lag.committed(8, 103 * S)
  assert.equal(lag.seconds(107 * S), 4)
  lag.committed(9)
  assert.equal(lag.seconds(108 * S), 0, 'only a marker followed')
})

test('an older commit changes nothing', () => {
  const lag = new TimeLag(7)
  lag.looked(7, 100 * S)

  lag.committed(5, 50 * S)

  assert.equal(lag.seconds(101 * S), 0)
})

test('a backlog is not known before the first commit', () => {
  const lag = new TimeLag(0)
  lag.looked(10, 100 * S)
  assert.ok(Number.isNaN(lag.seconds(100 * S)))

  lag.committed(3, 40 * S)

  assert.equal(lag.seconds(100 * S), 60)
})

test('a look that is old says nothing, neither good nor bad', () => {
  const lag = new TimeLag(0)
  lag.looked(0, 100 * S)
  assert.equal(lag.seconds(120 * S), 0)
  assert.ok(Number.isNaN(lag.seconds(121 * S)))
})

test('after a look it says at least the age of the oldest record that is not committed', () => {
  const step = fc.record({
    wait: fc.nat(5_000),
    append: fc.nat(3),
    commit: fc.nat(4),
    look: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const appended: number[] = []
      const lag = new TimeLag(0)
      let now = 1_000_000
      let committed = 0
      for (const { wait, append, commit, look } of steps) {
        now += wait
        for (let i = 0; i < append; i++) appended.push(now)
        const next = Math.min(appended.length, committed + commit)
        if (next > committed) lag.committed(next, appended[next - 1])
        committed = next
        if (look) lag.looked(appended.length, now)

        const said = lag.seconds(now)
        const oldest = appended[committed]
        if (look && oldest === undefined) assert.equal(said, 0)
        if (look && oldest !== undefined && !Number.isNaN(said))
          assert.ok(said >= (now - oldest) / 1_000)
      }
    }),
  )
})
