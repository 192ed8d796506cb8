import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verdictProblems, type Verdict, type VerdictQuestion } from './verdict.ts'

const DAY_MS = 86_400_000
const verdict: Verdict = {
  verdict: 'PASS',
  reason: '12000 rows of 1500 orders are equal',
  sides: [
    { deployment: 'flink-1', artifact: 'sha256:f' },
    { deployment: 'node-1', artifact: 'sha256:n' },
  ],
  contractVersion: 1,
  schemaIds: { raw: [1, 2], curated: [3] },
  at: 0,
  expiresAt: DAY_MS,
}
const question: VerdictQuestion = {
  sides: [
    { deployment: 'node-1', artifact: 'sha256:n' },
    { deployment: 'flink-1', artifact: 'sha256:f' },
  ],
  contractVersion: 1,
  schemaIds: { raw: [1, 2], curated: [3] },
  now: DAY_MS - 1,
}

test('a PASS on what runs holds for its day', () => {
  assert.deepEqual(verdictProblems(verdict, question), [])
  assert.deepEqual(verdictProblems(verdict, { ...question, now: DAY_MS }), [
    'the verdict expired at 1970-01-02T00:00:00.000Z',
  ])
})

test('without a verdict, the way to one is named', () => {
  assert.deepEqual(verdictProblems(undefined, question), [
    'there is no verdict on node-1 and flink-1: run one in shadow of the other first, `order-up shadow start` (in the cloud order-up:shadow), then see `order-up shadow report`',
  ])
})

test('anything but a PASS is refused with its reason', () => {
  for (const other of ['FAIL', 'INCONCLUSIVE'] as const)
    assert.deepEqual(
      verdictProblems({ ...verdict, verdict: other, reason: '3 rows differ' }, question),
      [`the verdict is ${other}: 3 rows differ`],
    )
})

test('a change of an artefact, of the contract or of a schema makes it void', () => {
  const [node, flink] = question.sides
  const problems = (changed: Partial<VerdictQuestion>) =>
    verdictProblems(verdict, { ...question, ...changed })

  assert.deepEqual(problems({ sides: [node!, { ...flink!, artifact: 'sha256:other' }] }), [
    'flink-1 runs another artefact than the verdict is about',
  ])
  assert.deepEqual(problems({ sides: [node!, { deployment: 'flink-2', artifact: 'sha256:f' }] }), [
    'the verdict is not about flink-2',
  ])
  assert.deepEqual(problems({ contractVersion: 2 }), [
    'the verdict is on contract version 1, not 2',
  ])
  assert.deepEqual(problems({ schemaIds: { raw: [1, 2, 4], curated: [3] } }), [
    'subject raw has grown since the verdict',
  ])
})
