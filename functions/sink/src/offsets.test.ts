import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertInRange } from './offsets.ts'

const at = (committed: number | undefined, low: number, high: number) =>
  assertInRange([{ partition: 3, committed, low, high }], 'g')

test('inside the log, at its ends, or new on a log that is whole: go on', () => {
  at(5, 0, 10)
  at(5, 5, 10)
  at(10, 5, 10)
  at(undefined, 0, 10)
  at(undefined, 0, 0)
})

for (const [committed, low, high, why] of [
  [4, 5, 10, 'partition 3: rows from offset 4 on were never merged, and those below 5 are deleted'],
  [undefined, 1, 10, 'rows from offset 0 on were never merged'],
  [11, 0, 10, "the group's offset is 11 and the topic ends at 10"],
] as const) {
  test(`offset ${committed} in a log of ${low} to ${high}: stop`, () => {
    assert.throws(
      () => at(committed, low, high),
      (error: Error & { code?: string; remedy?: string }) => {
        assert.equal(error.code, 'OFFSET_OUT_OF_RANGE')
        assert.ok(error.message.includes(why), error.message)
        assert.match(error.remedy!, /--group g --topic orders\.orders\.curated/)
        return true
      },
    )
  })
}
