import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { planPartitions } from './partitions.ts'

const count = fc.integer({ min: 1, max: 1_000 })

test('what raw has is never changed, and a wish for another count is answered with the rule', () => {
  fc.assert(
    fc.property(count, count, (wanted, existing) => {
      const { partitions, problem } = planPartitions({ wanted, existing })
      assert.equal(partitions, existing)
      assert.equal(problem === undefined, wanted === existing)
    }),
  )
  assert.match(
    planPartitions({ wanted: 12, existing: 4 }).problem!,
    /have 4 partitions, not 12: the count is fixed for a topic's life/,
  )
})

test('a new raw gets what is wanted', () => {
  fc.assert(
    fc.property(count, (wanted) =>
      assert.deepEqual(planPartitions({ wanted, existing: undefined }), {
        partitions: wanted,
        problem: undefined,
      }),
    ),
  )
})
