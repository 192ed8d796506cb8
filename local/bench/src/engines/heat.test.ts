import assert from 'node:assert/strict'
import { once as emitted } from 'node:events'
import { test } from 'node:test'
import type { EngineProgram } from '@order-up/stack'
import { outcomeOf, runHeat, type Programs } from './heat.ts'
import type { Lane, Measured } from './lane.ts'
import { QUICK, type Heat } from './plan.ts'
import type { Testbed } from './testbed.ts'

const program: EngineProgram = {
  engine: 'flink',
  artifact: 'none',
  program: { command: 'true' },
  args: [],
  env: {},
}
const heat = (seconds: number): Heat => ({
  measure: 'latency',
  round: 2,
  contestant: { name: 'flink heap', engine: 'flink', env: {}, seconds },
})

/** No measure here needs a stack. */
const field = (programs: Programs) => ({
  bed: {} as Testbed,
  sizes: QUICK,
  signal: new AbortController().signal,
  programs,
})
const run = (once: (lane: Lane) => Promise<Measured>, seconds = 60) =>
  runHeat(heat(seconds), { once }, field(new Map([['flink', program]])))

test('a run is told with what it is made, and its figures are kept', async () => {
  const { seconds, ...kept } = await run(({ round, contestant, program: { engine } }) => {
    assert.deepEqual([round, contestant.name, engine], [2, 'flink heap', 'flink'])
    return Promise.resolve({ 'p50 ms': 1_234.5 })
  })
  assert.equal(seconds, 0)
  assert.deepEqual(kept, {
    measure: 'latency',
    contestant: 'flink heap',
    round: 2,
    figures: { 'p50 ms': 1_234.5 },
  })
  assert.equal(outcomeOf({ ...kept, seconds: 7 }), '1,234.5 p50 ms (7 s)')
})

test('a failure is what a run came to, and not the end of all', async () => {
  const { failure, figures } = await run(() => Promise.reject(new Error('out of heap')))
  assert.deepEqual({ failure, figures }, { failure: 'out of heap', figures: undefined })
})

test('an engine that cannot be run fails with the reason, and is not asked for figures', async () => {
  const programs: Programs = new Map([['flink', new Error('does not build')]])
  const once = () => assert.fail('measured')
  const failed = await runHeat(heat(60), { once }, field(programs))
  assert.equal(outcomeOf(failed), 'failed: does not build (0 s)')
})

test('a run that does not end is given up in time', async () => {
  const { failure } = await run(async ({ signal }) => {
    await emitted(signal, 'abort')
    signal.throwIfAborted()
    return {}
  }, 0.02)
  assert.equal(failure, 'not done within 0.1 s')
})
