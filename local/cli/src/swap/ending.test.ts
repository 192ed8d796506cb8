import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '@order-up/stack'
import { stepLine } from './carry.ts'
import { endText, untouched, type SwapResult } from './ending.ts'

const RESULT: SwapResult = {
  from: 'node-1',
  to: 'flink-1',
  epoch: 3,
  shares: { 'flink-1': [[0, 99]] },
  previous: 'node-1',
  steps: [{ step: 'overlap', ms: 400 }],
  ms: 5_640,
  filled: 0,
  verdict: null,
  untouched: { producer: true, sink: true },
}

test('at the end: who owns what, how long it took, what was filled in, and the commands from there', () => {
  assert.equal(
    endText(RESULT),
    `flink-1 100 % of the orders (epoch 3), after 5.6 s. Curated lacked nothing
Producer and sink were not touched: the same processes as before
  Back at once:  \`order-up swap --back\`
  For good:      \`order-up retire node\``,
  )
})

test('of a split: all of it, or none', () => {
  const shares: SwapResult['shares'] = { 'node-1': [[10, 99]], 'flink-1': [[0, 9]] }
  const text = endText({ ...RESULT, shares, filled: 1_200, previous: null })
  assert.match(text, /^node-1 90 %, flink-1 10 % .* Curated lacked 1,200 records: filled in/)
  assert.match(
    text,
    /\n {2}All of it: {2}`order-up swap --to flink`\n {2}None: {7}`order-up split flink=0`$/,
  )
})

test('with no way back it names none; and where nothing was to be done it says so', () => {
  assert.doesNotMatch(endText({ ...RESULT, previous: null }), /Back|For good/)
  assert.equal(
    endText({ ...RESULT, steps: [] }),
    'flink-1 100 % of the orders already (epoch 3): nothing to do',
  )
})

test('what is not known of producer and sink is not said to be well', () => {
  const worker = (name: string, pid: number, restarts = 0): Run['workers'][number] => ({
    name,
    pid,
    restarts,
    state: 'running',
    httpPort: null,
    lastEnd: null,
  })
  const run = (...workers: Run['workers']): Run => ({
    pid: 1,
    kafkaPort: 1,
    registryPort: 1,
    brokers: '',
    registryUrl: '',
    workers,
    engines: [],
    wishes: null,
  })
  const before = run(worker('ingest', 7), worker('sink', 8))
  assert.deepEqual(untouched(before, before), { producer: true, sink: true })
  const after = run(worker('ingest', 7), worker('sink', 9, 1))
  assert.deepEqual(untouched(before, after), { producer: true, sink: false })
  assert.deepEqual(untouched(undefined, after), { producer: null, sink: null })
  assert.match(
    endText({ ...RESULT, untouched: { producer: true, sink: false } }),
    /By itself, the sink ended meanwhile and was started again/,
  )
  assert.match(
    endText({ ...RESULT, untouched: untouched(undefined, undefined) }),
    /do not run here/,
  )
})

test('a step that is done has a tick and its time', () => {
  assert.equal(stepLine('gate', 3_100, 'node-1 gives up'), '✔ gate      3.1 s  node-1 gives up')
  assert.equal(stepLine('overlap', 123_456, 'x'), '✔ overlap 123.5 s  x')
})
