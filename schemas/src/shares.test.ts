import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEPLOYMENTS } from './names.ts'
import { firstShares, ownedBuckets, parseShares } from './shares.ts'

const parse = (value: object) => parseShares(Buffer.from(JSON.stringify(value)))
const owned = (value: object, deployment: string) =>
  ownedBuckets(parse(value), deployment).flatMap((own, bucket) => (own ? [bucket] : []))

test('epoch 1 gives a deployment all 100 buckets, and any other none', () => {
  const first = parse(firstShares('node-1'))
  assert.equal(first.epoch, 1)
  assert.deepEqual(ownedBuckets(first, 'node-1'), Array<boolean>(100).fill(true))
  assert.deepEqual(ownedBuckets(first, 'node-2'), Array<boolean>(100).fill(false))
})

test('ranges hold both their ends, and may overlap between deployments and within one', () => {
  const shares = {
    'node-1': [[10, 99]],
    'flink-1': [
      [0, 12],
      [5, 6],
      [99, 99],
    ],
  }
  assert.deepEqual(owned({ epoch: 2, shares }, 'node-1'), range(10, 99))
  assert.deepEqual(owned({ epoch: 2, shares }, 'flink-1'), [...range(0, 12), 99])
  assert.deepEqual(owned({ epoch: 2, shares }, 'kafka-streams-1'), [])
})

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

test('buckets are owned exactly where a range holds them', () => {
  const ranges = fc.array(
    fc.tuple(fc.nat(99), fc.nat(99)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
  )
  fc.assert(
    fc.property(ranges, (ranges) => {
      const expected = range(0, 99).filter((b) => ranges.some(([a, z]) => a <= b && b <= z))
      assert.deepEqual(owned({ epoch: 1, shares: { 'node-1': ranges } }, 'node-1'), expected)
    }),
  )
})

test('every deployment that has topics can own buckets, and so can a later generation', () => {
  for (const deployment of [...DEPLOYMENTS, 'node-29'])
    assert.deepEqual(owned({ epoch: 1, shares: { [deployment]: [[0, 0]] } }, deployment), [0])
})

test('the swap in progress is carried, and null where there is none', () => {
  const swap = { step: 'overlap', to: 'flink-1' }
  assert.deepEqual(parse({ epoch: 3, shares: {}, swap }).swap, swap)
  assert.equal(parse({ epoch: 3, shares: {} }).swap, null)
})

test('what is not an epoch is refused', () => {
  const bad = [
    { shares: {} },
    { epoch: 1 },
    { epoch: 0, shares: {} },
    { epoch: 1.5, shares: {} },
    { epoch: '1', shares: {} },
    { epoch: 1, shares: { 'node-1': [[0, 100]] } },
    { epoch: 1, shares: { 'node-1': [[-1, 5]] } },
    { epoch: 1, shares: { 'node-1': [[6, 5]] } },
    { epoch: 1, shares: { 'node-1': [[0.5, 5]] } },
    { epoch: 1, shares: { 'node-1': [[5]] } },
    { epoch: 1, shares: { 'node-0': [[0, 99]] } },
    { epoch: 1, shares: { node: [[0, 99]] } },
    { epoch: 1, shares: { 'spark-1': [[0, 99]] } },
  ]
  for (const value of bad) assert.throws(() => parse(value), JSON.stringify(value))
  assert.throws(() => parseShares(Buffer.from('not JSON')), SyntaxError)
})
