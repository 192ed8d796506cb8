import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stagesOf, stageTable, sumOf } from './table.ts'

test('a stage costs what its pass takes more than the one before it, by their medians', () => {
  const stages = stagesOf([
    ['read', [1, 9, 2]],
    ['fold', [5, 3, 4]],
    ['noise', [3.5, 3.5, 3.5]],
  ])
  assert.deepEqual(stages, [
    { name: 'read', micros: 2 },
    { name: 'fold', micros: 2 },
    { name: 'noise', micros: 0 },
  ])
})

test('what is a part of a stage, or instead of it, is shown and not counted', () => {
  const stages = [
    { name: 'fold', micros: 1.5 },
    { name: 'send', micros: 2 },
    { name: 'of that, the checksum', micros: 0.25, aside: true },
  ]
  assert.equal(sumOf(stages), 3.5)
  assert.equal(
    stageTable(stages),
    `
| stage                   | µs of CPU an event |
| ----------------------- | -----------------: |
| fold                    |               1.50 |
| send                    |               2.00 |
| – of that, the checksum |               0.25 |
| all of them             |               3.50 |`.trimStart(),
  )
})
