import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeploymentId } from '@order-up/control'
import { OrderUpError } from '@order-up/kit'
import { assertOwner, parseEngine, sharesText, swapText } from './engine-choice.ts'
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

const refusal = (shares: typeof flinkOwns, asked: DeploymentId | undefined) => {
  try {
    assertOwner(shares, asked, '/data')
    return undefined
  } catch (error) {
    assert.ok(error instanceof OrderUpError)
    assert.equal(error.code, 'OTHER_OWNER')
    return [error.message, error.remedy]
  }
}

test('whoever owns orders may be asked for, or nobody in particular', () => {
  for (const asked of [undefined, 'flink-1'] as const)
    assert.equal(refusal(flinkOwns, asked), undefined)
  for (const asked of [undefined, 'flink-1', 'node-1'] as const)
    assert.equal(refusal(divided, asked), undefined)
})

test('another engine is refused: who owns the orders is said, and the way to swap', () => {
  assert.deepEqual(refusal(flinkOwns, 'node-1'), [
    'The orders in /data belong to flink-1 (epoch 1): node-1 would write none of their rows',
    'start without --engine, then let it take over while orders flow: `npm run order-up -- shadow start node`, and once it has a verdict `npm run order-up -- swap --to node`. To begin anew instead: another --data-dir, or `npm run order-up -- down --purge`',
  ])
  assert.match(
    String(refusal(divided, 'node-2')),
    /belong to flink-1 and node-1 \(epoch 7\).*swap --to node-2/,
  )
})

test('who owns what, in a line', () => {
  assert.equal(sharesText(flinkOwns), 'epoch 1: flink-1 100 % of the orders')
  assert.equal(sharesText(divided), 'epoch 7: node-1 90 %, flink-1 10 % of the orders')
})

test('a swap in progress, in few words', () => {
  assert.equal(swapText({ swap: null }), undefined)
  const swap = {
    step: 'overlap' as const,
    from: divided.shares,
    target: flinkOwns.shares,
    startedAt: 0,
  }
  assert.equal(swapText({ swap }), 'swap to flink-1 100 %: overlap')
})
