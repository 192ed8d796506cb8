import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeploymentId } from '@order-up/control'
import { OrderUpError } from '@order-up/kit'
import { chooseDeployment, parseEngine, sharesText } from './engine-choice.ts'
import { UsageError } from './shell.ts'

const flinkOwns = { epoch: 1, shares: { 'flink-1': [[0, 99] as [number, number]] } }
const divided: typeof flinkOwns = {
  epoch: 7,
  shares: { 'flink-1': [[0, 9]], 'node-1': [[10, 99]] } as never,
}

test('an engine is asked for by its kind, or by its name in full', () => {
  assert.equal(parseEngine('flink'), 'flink-1')
  assert.equal(parseEngine('kafka-streams-2'), 'kafka-streams-2')
  assert.throws(() => parseEngine('spark'), UsageError)
})

test('the engine that owns the orders runs, also where none is asked for', () => {
  assert.equal(chooseDeployment(flinkOwns, 'flink-1', '/data'), 'flink-1')
  assert.equal(chooseDeployment(flinkOwns, undefined, '/data'), 'flink-1')
})

const refusal = (shares: typeof flinkOwns, asked: DeploymentId | undefined) => {
  try {
    return chooseDeployment(shares, asked, '/data')
  } catch (error) {
    assert.ok(error instanceof OrderUpError)
    assert.equal(error.code, 'OTHER_OWNER')
    return [error.message, error.remedy]
  }
}

test('another engine is refused: who owns the orders is said, and every way on', () => {
  assert.deepEqual(refusal(flinkOwns, 'node-1'), [
    'The orders in /data belong to flink-1 (epoch 1): node-1 would write none of their rows',
    'go on with it (--engine flink), or begin anew: another --data-dir, or `npm run order-up -- down --purge` and start again',
  ])
  const second = { epoch: 3, shares: { 'node-2': [[0, 99]] } } as never
  assert.match(String(refusal(second, 'node-1')), /go on with it \(--engine node-2\)/)
})

test('orders that are divided between engines are no single one’s to go on with', () => {
  for (const asked of [undefined, 'node-1'] as const)
    assert.match(
      String(refusal(divided, asked)),
      /^The orders in \/data are divided between flink-1 and node-1 \(epoch 7\)/,
    )
})

test('who owns what, in a line', () => {
  assert.equal(sharesText(flinkOwns), 'epoch 1: flink-1 100 % of the orders')
  assert.equal(sharesText(divided), 'epoch 7: flink-1 10 %, node-1 90 % of the orders')
})
