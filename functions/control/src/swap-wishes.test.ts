import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControlRecord, Swap } from './swap-record.ts'
import { refusals, retireProblems, waysOn, wayBack, whereItStands } from './swap-wishes.ts'

const NODE: ControlRecord['shares'] = { 'node-1': [[0, 99]] }
const FLINK: ControlRecord['shares'] = { 'flink-1': [[0, 99]] }
const TENTH: ControlRecord['shares'] = { 'node-1': [[10, 99]], 'flink-1': [[0, 9]] }
const record = (extra: Partial<ControlRecord> = {}): ControlRecord => ({
  epoch: 4,
  shares: NODE,
  swap: null,
  previous: null,
  ...extra,
})
const started = { from: NODE, target: FLINK, startedAt: Date.UTC(2026, 4, 1, 9), sampled: [0] }
const inProgress = (step: 'gate' | 'release', extra: Partial<Swap> = {}) =>
  record({ swap: { ...started, step, ...extra } as Swap })
const both = ['node-1', 'flink-1'] as const

test('where a swap stands, and the commands that go on from there', () => {
  assert.equal(whereItStands(undefined), undefined)
  assert.equal(whereItStands(record()), undefined)
  assert.equal(
    whereItStands(inProgress('gate', { forced: 'a drill' })),
    'a swap from node-1 100 % to flink-1 100 % stands at gate, since 2026-05-01T09:00:00.000Z; forced: a drill',
  )
  const ways = (extra: Partial<Swap>) => waysOn({ ...started, step: 'gate', ...extra } as Swap)
  const back = 'take it back with `order-up swap --back`'
  assert.equal(ways({}), `go on with \`order-up swap --to flink\`, ${back}`)
  assert.equal(ways({ dead: ['node-1'] }), `go on with \`order-up failover --to flink\`, ${back}`)
  assert.equal(ways({ target: TENTH }), `go on with \`order-up split flink=10\`, ${back}`)
  assert.equal(
    ways({ from: TENTH, target: NODE }),
    `go on with \`order-up split flink=0\`, ${back}`,
  )
  assert.equal(
    ways({ target: { 'flink-2': [[0, 99]] } }),
    `go on with \`order-up swap --to flink-2\`, ${back}`,
  )
})

test('while a swap is in progress, only it, its way back and a failover may be asked for', () => {
  const gate = inProgress('gate')
  assert.deepEqual(refusals(record(), { target: FLINK }), [])
  assert.deepEqual(refusals(gate, { target: FLINK }), [])
  assert.deepEqual(refusals(gate, { target: NODE }), [])
  assert.deepEqual(refusals(gate, { target: TENTH }), [
    'a swap from node-1 100 % to flink-1 100 % stands at gate, since 2026-05-01T09:00:00.000Z: go on with `order-up swap --to flink`, take it back with `order-up swap --back`',
  ])
  assert.deepEqual(
    refusals(gate, { target: { 'kafka-streams-1': [[0, 99]] }, dead: ['node-1'] }),
    [],
  )
})

test('the way back: of what is in progress, else to the engine before', () => {
  assert.deepEqual(wayBack(inProgress('gate'), both), {
    way: 'take-back',
    target: NODE,
    about: 'taken back to node-1 100 %: nothing was given up yet',
  })
  assert.deepEqual(wayBack(inProgress('release', { from: TENTH }), both), {
    way: 'carry-on',
    target: TENTH,
    about:
      'buckets were given up already: it goes on to flink-1 100 %, and then back to node-1 90 %, flink-1 10 %',
  })
  assert.deepEqual(wayBack(record({ shares: FLINK, previous: 'node-1' }), both), {
    way: 'previous',
    target: NODE,
    about: 'back to node-1 100 %, without a verdict',
  })
})

test('no way back: nothing was swapped, or who would own the buckets does not run', () => {
  const why = (current: ControlRecord | undefined, running: typeof both | readonly ['flink-1']) => {
    const way = wayBack(current, running)
    return way.way === 'refused' ? way.why : way
  }
  assert.equal(why(undefined, both), 'no epoch was written yet: there is nothing to go back from')
  assert.equal(
    why(record(), both),
    'there is no engine to go back to: it has been retired, or nothing was ever swapped. The way back is a new shadow phase: `order-up shadow start`',
  )
  for (const current of [record({ shares: FLINK, previous: 'node-1' }), inProgress('gate')])
    assert.equal(
      why(current, ['flink-1']),
      'node-1 would own buckets again, but does not run: start it, or `order-up shadow start node`',
    )
})

test('what owns a bucket, or may yet, is not retired', () => {
  assert.deepEqual(retireProblems(record(), 'flink-1'), [])
  assert.deepEqual(retireProblems(record({ shares: TENTH }), 'flink-1'), [
    'flink-1 owns buckets (node-1 90 %, flink-1 10 %): give them to another first, `order-up split flink=0`',
  ])
  assert.deepEqual(retireProblems(record(), 'node-1'), [
    'node-1 owns buckets (node-1 100 %): give them to another first, `order-up swap --to` the other engine',
  ])
  for (const id of ['node-1', 'kafka-streams-1'] as const)
    assert.match(retireProblems(inProgress('release'), id).join(), /^a swap from node-1 .* with/)
})
