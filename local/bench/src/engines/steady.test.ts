import assert from 'node:assert/strict'
import { test } from 'node:test'
import { steadyFigures, steadyPart, type Sample } from './steady.ts'

/** One CPU-second of the engine and half a one of the broker for every 1,000 rows. */
const sample = (at: number, visible: number): Sample => ({
  at,
  visible,
  engineCpu: visible / 1_000,
  brokerCpu: visible / 2_000,
})

test('an engine that commits all the time is measured from the first tenth to just before the end', () => {
  // Prepare: 100 rows every 50 ms
  const changes = Array.from({ length: 200 }, (_, i) => sample(i * 50, (i + 1) * 100))

  // Act
  const part = steadyPart(changes, 20_000)

  // Assess
  assert.deepEqual(part, { from: sample(1_250, 2_600), to: sample(9_600, 19_300) })
  assert.deepEqual(steadyFigures(changes, 20_000), {
    rowsPerSecond: 2_000,
    engineCpu: 1_000,
    brokerCpu: 500,
  })
})

test('an engine that commits every second is measured from commit to commit, and its wait for the last is left out', () => {
  // Prepare: each commit shows in two halves, 100 ms apart; the last one brings what little was left
  const changes = [
    sample(1_000, 500),
    sample(1_100, 1_000),
    sample(2_000, 2_000),
    sample(2_100, 3_000),
    sample(3_000, 4_000),
    sample(3_100, 5_000),
    sample(4_000, 5_050),
    sample(4_100, 5_100),
  ]

  // Act
  const figures = steadyFigures(changes, 5_100)

  // Assess: 2,000 rows a second, where 5,100 of 4.1 s would be 1,244
  assert.deepEqual(steadyPart(changes, 5_100), { from: changes[1], to: changes[5] })
  assert.deepEqual(figures, { rowsPerSecond: 2_000, engineCpu: 1_000, brokerCpu: 500 })
})

test('too little work for two commits gives no figure', () => {
  assert.equal(steadyFigures([], 100), undefined)
  assert.equal(steadyFigures([sample(0, 100)], 100), undefined)
  assert.equal(steadyFigures([sample(0, 50), sample(250, 100)], 100), undefined)
  assert.equal(steadyFigures([sample(0, 50), sample(400, 100)], 100), undefined)
})
