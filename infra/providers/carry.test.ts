import type { SwapAnswer } from '@order-up/control'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carry } from './carry.ts'

const STEPPED = (epoch: number, line: string): SwapAnswer => ({
  state: 'stepped',
  epoch,
  lines: [line],
})
const WAITING = (line: string): SwapAnswer => ({ state: 'waiting', epoch: 2, lines: [line] })
const DONE: SwapAnswer = { state: 'done', epoch: 3, lines: [] }

function scripted(answers: readonly SwapAnswer[]) {
  const left = [...answers]
  const said: string[] = []
  return {
    said,
    left,
    options: {
      step: async () => (left.length > 1 ? left.shift()! : left[0]!),
      say: (line: string) => said.push(line),
      timeoutMs: 60_000,
      pauseMs: 1,
    },
  }
}

test('steps are asked for until it is done, and each is said', async () => {
  const { options, said } = scripted([
    STEPPED(2, 'flink-1 gets its buckets as well'),
    WAITING('flink-1 to report epoch 2'),
    STEPPED(3, 'node-1 gives its buckets up'),
    DONE,
  ])

  const last = await carry(options)

  assert.deepEqual(last, DONE)
  assert.deepEqual(said, [
    'epoch 2: flink-1 gets its buckets as well',
    'epoch 2: waiting for flink-1 to report epoch 2',
    'epoch 3: node-1 gives its buckets up',
  ])
})

test('what is awaited is said again only after a while, though its figures change', async () => {
  const figures = Array.from({ length: 30 }, (_, n) => WAITING(`${30 - n} records`))
  const { options, said } = scripted([...figures, DONE])

  await carry({ ...options, sayEveryMs: 60_000 })

  assert.deepEqual(said, ['epoch 2: waiting for 30 records'])
})

test('a refusal says what is missing, and how to override it', async () => {
  const { options } = scripted([
    { state: 'refused', epoch: 1, lines: ['there is no verdict on node-1 and flink-1'] },
  ])

  await assert.rejects(carry(options), (error: Error) => {
    assert.match(error.message, /^The shares stay as they are:/)
    assert.match(error.message, /\n {2}- there is no verdict on node-1 and flink-1\n/)
    assert.match(error.message, /`pulumi config set order-up:force "<why>"`/)
    return true
  })
})

test('when the time is over it says what it waited for, and that the next up goes on', async () => {
  const { options } = scripted([STEPPED(2, 'begun'), WAITING('flink-1 to catch up: 7 behind')])

  await assert.rejects(carry({ ...options, timeoutMs: 20 }), (error: Error) => {
    assert.match(
      error.message,
      /^The shares are not at their target after 0 s\. Waiting for \(epoch 2\):\n {2}- flink-1 to catch up: 7 behind\n/,
    )
    assert.match(error.message, /`pulumi up` again: it goes on from here/)
    return true
  })
})

test('a system that steps for ever is given up as well', async () => {
  const { options } = scripted([STEPPED(2, 'again')])

  const slow = { ...options, step: async () => (await soon(), options.step()), timeoutMs: 20 }

  await assert.rejects(carry(slow), /Last step \(epoch 2\):\n {2}- again\n/)
})

const soon = () => new Promise((resolve) => setTimeout(resolve, 5))
