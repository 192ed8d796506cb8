import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControlRecord, DeploymentId } from '@order-up/control'
import type { EngineWish } from './engines-file.ts'
import { changesFor, pairOf, stateOf, wishesAtStart, type Present } from './reconcile.ts'

const OLD = { isNew: false }
const NEW = { isNew: true }

const node: EngineWish = { deployment: 'node-1' }
const flink: EngineWish = { deployment: 'flink-1', workers: 2 }

const running = (wish: EngineWish, state: Present['state'] = 'running'): Present => ({
  ...wish,
  state,
})

test('what is new is started, what is gone is stopped, what runs as it is to run is left alone', () => {
  assert.deepEqual(changesFor([node], [], NEW), { start: [node], stop: [] })
  assert.deepEqual(changesFor([node, flink], [running(node)], NEW), { start: [flink], stop: [] })
  assert.deepEqual(changesFor([flink], [running(node), running(flink)], NEW), {
    start: [],
    stop: ['node-1'],
  })
  for (const state of ['building', 'starting', 'running', 'restarting'] as const)
    assert.deepEqual(changesFor([node], [running(node, state)], NEW), { start: [], stop: [] })
})

test('another number of workers is a stop and, once it is gone, a start', () => {
  const three = { ...flink, workers: 3 }
  const present = running(flink)
  assert.deepEqual(changesFor([three], [present], NEW), { start: [], stop: ['flink-1'] })
  const leaving = { ...present, state: 'stopping' as const }
  assert.deepEqual(changesFor([three], [leaving], OLD), { start: [], stop: [] })
  assert.deepEqual(changesFor([three], [], OLD), { start: [three], stop: [] })
})

test('what has failed is left alone until it is wished for anew', () => {
  const failed = running(node, 'failed')
  assert.deepEqual(changesFor([node], [failed], OLD), { start: [], stop: [] })
  assert.deepEqual(changesFor([node], [failed], NEW), { start: [], stop: ['node-1'] })
  assert.deepEqual(changesFor([flink], [failed, running(flink)], OLD), {
    start: [],
    stop: ['node-1'],
  })
})

test('a deployment does what the one of its workers does that is worst off', () => {
  assert.equal(stateOf([]), 'starting')
  assert.equal(stateOf(['running', 'running']), 'running')
  assert.equal(stateOf(['running', 'starting']), 'starting')
  assert.equal(stateOf(['starting', 'restarting']), 'restarting')
  assert.equal(stateOf(['restarting', 'failed', 'running']), 'failed')
  assert.equal(stateOf(['stopped', 'running']), 'stopping')
})

test('two are compared, in the order of their ids, once it is known what both run', () => {
  const known = new Map<DeploymentId, string>([['node-1', 'a1']])
  assert.equal(pairOf([node, flink], known), undefined)
  known.set('flink-1', 'b2')
  assert.deepEqual(pairOf([node, flink], known), {
    deployments: ['flink-1', 'node-1'],
    artifacts: ['b2', 'a1'],
  })
  assert.equal(pairOf([node], known), undefined)
})

const record = (given: Partial<ControlRecord>): ControlRecord => ({
  epoch: 7,
  shares: { 'node-1': [[0, 99]] },
  swap: null,
  previous: null,
  ...given,
})
const nobody = { asked: undefined, workers: undefined }

test('a new folder begins with the one that was asked for', () => {
  const first = record({ epoch: 1, shares: { 'flink-1': [[0, 99]] } })
  assert.deepEqual(wishesAtStart(undefined, first, { asked: 'flink-1', workers: 2 }), {
    engines: [{ deployment: 'flink-1', workers: 2 }],
    said: [],
  })
  assert.deepEqual(wishesAtStart(undefined, record({}), nobody).engines, [node])
})

test('a later start goes on with what was wished for; a number of workers is the owner’s, or of who is asked for', () => {
  const found = [node, flink]
  assert.deepEqual(wishesAtStart(found, record({}), nobody), { engines: found, said: [] })
  assert.deepEqual(wishesAtStart(found, record({}), { asked: undefined, workers: 4 }).engines, [
    { deployment: 'node-1', workers: 4 },
    flink,
  ])
  const split = record({ shares: { 'node-1': [[10, 99]], 'flink-1': [[0, 9]] } })
  assert.deepEqual(wishesAtStart(found, split, { asked: 'flink-1', workers: 4 }).engines, [
    node,
    { deployment: 'flink-1', workers: 4 },
  ])
})

test('whoever the epoch needs is there, also after the file was deleted: owners, and both sides of a swap', () => {
  const split = record({ shares: { 'node-1': [[10, 99]], 'flink-1': [[0, 9]] } })
  const ids = ({ engines }: { engines: readonly EngineWish[] }) =>
    engines.map(({ deployment }) => deployment)
  assert.deepEqual(ids(wishesAtStart(undefined, split, nobody)), ['node-1', 'flink-1'])
  assert.deepEqual(wishesAtStart([node], split, nobody).said, [
    'engines.json lacked flink-1, which epoch 7 needs: added',
  ])
  const begun = record({
    swap: {
      step: 'overlap',
      from: { 'node-1': [[0, 99]] },
      target: { 'kafka-streams-1': [[0, 99]] },
      startedAt: 0,
    },
  })
  assert.deepEqual(ids(wishesAtStart([node], begun, nobody)), ['node-1', 'kafka-streams-1'])
})

test('whoever the epoch needs goes before another that is wished for', () => {
  const owned = record({ shares: { 'kafka-streams-1': [[0, 99]] } })
  assert.deepEqual(wishesAtStart([node, flink], owned, nobody), {
    engines: [node, { deployment: 'kafka-streams-1' }],
    said: [
      'engines.json lacked kafka-streams-1, which epoch 7 needs: added',
      'engines.json has flink-1 beside those that epoch 7 needs: left out, at most 2 run',
    ],
  })
})
