import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observation } from '@order-up/control'
import { signOfCommits } from './alive.ts'

const seen = (committed: number[], members = 1): Observation => ({
  current: undefined,
  ends: [10, 10],
  deployments: {
    'node-1': {
      instances: Array.from({ length: members }, (_, n) => ({ instance: String(n), epoch: 1 })),
      committed,
    },
  },
  now: 0,
})

test('who commits lives, and who has read all there is may', () => {
  assert.equal(
    signOfCommits(seen([1, 2]), seen([1, 3]), 'node-1'),
    'node-1 is in its group and commits',
  )
  assert.equal(
    signOfCommits(seen([10, 10]), seen([10, 10]), 'node-1'),
    'node-1 is in its group and has read all there is',
  )
})

test('a member that has something to read and does not commit looks dead, and so does none', () => {
  assert.equal(signOfCommits(seen([1, 2]), seen([1, 2]), 'node-1'), undefined)
  assert.equal(signOfCommits(seen([1, 2]), seen([1, 3], 0), 'node-1'), undefined)
  assert.equal(signOfCommits(seen([1, 2]), seen([1, 3]), 'node-2'), undefined)
})
