import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEPLOYMENTS, ownedBuckets, parseShares } from '@order-up/schemas'
import fc from 'fast-check'
import { planDeployments, splitProblems, type DeploymentId } from './deployments.ts'
import {
  gaining,
  isSteady,
  mainOwner,
  movedBuckets,
  ownersIn,
  ownersOf,
  sameShares,
  targetShares,
  unionOf,
  type ShareTable,
} from './share-table.ts'

const all = DEPLOYMENTS as readonly DeploymentId[]
const deployment = fc.constantFrom(...all)
const range = fc
  .tuple(fc.nat(99), fc.nat(99))
  .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)])
const tables: fc.Arbitrary<ShareTable> = fc.dictionary(
  deployment,
  fc.array(range, { maxLength: 4 }),
  { maxKeys: 3, noNullPrototype: true },
)

/** Every config there is: 6 owners, 7 for the shadow, and a split or none. */
function* choices() {
  for (const engine of all)
    for (const shadow of ['none', ...all] as const)
      for (const second of all)
        for (let percent = 0; percent < 100; percent++)
          yield { engine, shadow, split: percent > 0 ? { [second]: percent } : {} }
}

test('in every steady table buckets are disjoint and complete, and the second has its percent', () => {
  let planned = 0
  for (const choice of choices()) {
    if (choice.shadow === choice.engine || splitProblems(choice).length > 0) continue
    planned++
    const { owner, second, running, target } = planDeployments(choice)
    assert.ok(isSteady(target))
    const [percent = 0] = Object.values(choice.split)
    const owned = (id: string) =>
      ownedBuckets(parseShares(Buffer.from(JSON.stringify({ epoch: 1, shares: target }))), id)
    const count = (id: string) => owned(id).filter(Boolean).length
    assert.equal(count(owner), 100 - percent)
    if (second) assert.equal(count(second), percent)
    assert.deepEqual(running, second ? [owner, second] : [owner])
    assert.ok(ownersIn(target).every((id) => running.includes(id)))
  }
  assert.ok(planned > 5_000, `${planned} configs`)
})

test('as a share grows no bucket changes back', () => {
  for (let percent = 1; percent < 99; percent++) {
    const [less, more] = [percent, percent + 1].map((p) => targetShares('node-1', 'flink-1', p))
    assert.deepEqual(gaining(less!, more!), ['flink-1'])
    assert.equal(movedBuckets(less!, more!).filter(Boolean).length, 1)
  }
})

test('a union keeps every owner and adds none', () => {
  fc.assert(
    fc.property(tables, tables, (a, b) => {
      const [inA, inB] = [ownersOf(a), ownersOf(b)]
      const expected = inA.map((ids, bucket) => [...new Set([...ids, ...inB[bucket]!])].toSorted())
      assert.deepEqual(ownersOf(unionOf(a, b)), expected)
    }),
  )
})

test('gaining, moved and same are of one mind', () => {
  fc.assert(
    fc.property(tables, tables, (a, b) => {
      const moved = movedBuckets(a, b).some(Boolean)
      assert.equal(moved, !sameShares(a, b))
      assert.equal(moved, gaining(a, b).length + gaining(b, a).length > 0)
      assert.deepEqual(gaining(a, unionOf(a, b)), gaining(a, b))
      assert.deepEqual(gaining(unionOf(a, b), b), [])
    }),
  )
})

test('the main owner owns most; of two with the same, the one that sorts first', () => {
  assert.equal(mainOwner(targetShares('node-1', 'flink-1', 49)), 'node-1')
  assert.equal(mainOwner(targetShares('node-1', 'flink-1', 51)), 'flink-1')
  assert.equal(mainOwner(targetShares('node-1', 'flink-1', 50)), 'flink-1')
  assert.throws(() => mainOwner({ 'node-1': [] }), /without an owner/)
})

test('a split is of one deployment that runs beside the engine', () => {
  const problems = (engine: DeploymentId, shadow: DeploymentId | 'none', split: object) =>
    splitProblems({ engine, shadow, split: split as Record<string, number> })

  assert.deepEqual(problems('node-1', 'none', { flink: 10 }), [])
  assert.deepEqual(problems('node-1', 'flink-1', { flink: 10 }), [])
  assert.deepEqual(problems('node-1', 'none', { flink: 10, 'node-2': 5 }), [
    'at most one deployment can take a share from the engine',
  ])
  assert.deepEqual(problems('node-1', 'none', { node: 10 }), [
    'node is the engine: name the one that takes a share from it',
  ])
  assert.deepEqual(problems('node-1', 'flink-1', { 'node-2': 10 }), [
    'node-2 is not the shadow (flink-1): at most two deployments run',
  ])
  assert.match(problems('node-1', 'none', { spark: 10 })[0]!, /^spark: one of node, flink/)
  assert.throws(
    () => planDeployments({ engine: 'node-1', shadow: 'none', split: { node: 5 } }),
    /node is the engine/,
  )
})
