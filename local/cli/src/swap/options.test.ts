import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asTyped, deploymentArgument, forcedBy, splitArgument } from './options.ts'

test('a split is an engine and its percentage, 0 to 49', () => {
  assert.deepEqual(splitArgument('flink=10'), { deployment: 'flink-1', percent: 10 })
  assert.deepEqual(splitArgument('node-2=0%'), { deployment: 'node-2', percent: 0 })
  for (const [text, why] of [
    ['flink=50', /at most 49 %: .*order-up swap --to flink/],
    ['flink', /as flink=10/],
    ['=10', /as flink=10/],
    ['flink=-1', /as flink=10/],
    ['flink=1.5', /as flink=10/],
    ['spark=10', /engines: node, flink, kafka-streams/],
  ] as const)
    assert.throws(() => splitArgument(text), { message: why }, text)
})

test('an engine is named as in the contract', () => {
  assert.equal(deploymentArgument('kafka-streams'), 'kafka-streams-1')
  assert.throws(() => deploymentArgument('node-3'), { message: /node, flink, kafka-streams/ })
})

test('what is forced has a reason, and a reason is for what is forced', () => {
  assert.equal(forcedBy({}), undefined)
  assert.equal(forcedBy({ force: true, reason: ' a fix ' }), 'a fix')
  assert.throws(() => forcedBy({ force: true }), { code: 'USAGE', message: /needs a reason/ })
  assert.throws(() => forcedBy({ force: true, reason: ' ' }), { code: 'USAGE' })
  assert.throws(() => forcedBy({ reason: 'a fix' }), { code: 'USAGE', message: /for --force/ })
})

test('commands are shown as they are to be typed to reach the same pipeline', () => {
  const text = 'go on with `order-up swap --to flink`, or `order-up swap --back`'
  assert.equal(
    asTyped(text, { dataDir: 'd', brokers: 'b:1', registry: 'r' }),
    'go on with `npm run order-up -- swap --to flink --data-dir d --brokers b:1 --registry r`, or `npm run order-up -- swap --back --data-dir d --brokers b:1 --registry r`',
  )
  assert.equal(asTyped('`order-up status`', {}), '`npm run order-up -- status`')
})
