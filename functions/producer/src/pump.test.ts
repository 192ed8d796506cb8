import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pump } from './pump.ts'
import type { RawMessage, RawSender } from './send.ts'

const MESSAGE: RawMessage = { key: null, value: null, partition: 0 }
const batchesOf = (...sizes: number[]) => sizes.map((n) => Array.from({ length: n }, () => MESSAGE))
const where = (messages: readonly RawMessage[]) =>
  messages.map(({ partition }) => ({ partition, offset: 0 }))

function senderThat(send: RawSender['send']) {
  const messageOf = () => MESSAGE
  return { partitions: 1, schemaId: 1, messageOf, send, close: () => Promise.resolve() }
}

async function run(send: RawSender['send'], stop = new AbortController(), stopAfter = Infinity) {
  const sizes: number[] = []
  const complete = await pump(senderThat(send), batchesOf(1, 2, 3, 4), {
    signal: stop.signal,
    onAppended(batch) {
      sizes.push(batch.length)
      if (sizes.length === stopAfter) stop.abort()
    },
    graceMs: 50,
  })
  return { sizes, complete }
}

test('everything is sent, and told of in its order', async () => {
  const sent = await run((messages) => Promise.resolve(where(messages)))
  assert.deepEqual(sent, { sizes: [1, 2, 3, 4], complete: true })
})

test('two batches are on their way at once, not more', async () => {
  let open = 0
  let most = 0
  await run(async (messages) => {
    most = Math.max(most, ++open)
    await new Promise((resolve) => setImmediate(resolve))
    open -= 1
    return where(messages)
  })
  assert.equal(most, 2)
})

test('once stopped, what is on its way is still told of, and no more is sent', async () => {
  const sending: number[] = []
  const stopped = await run(
    async (messages) => {
      sending.push(messages.length)
      await new Promise((resolve) => setImmediate(resolve))
      return where(messages)
    },
    new AbortController(),
    1,
  )
  assert.deepEqual(stopped, { sizes: sending, complete: false })
  assert.ok(sending.length < 4)
})

test('once stopped, what is never acknowledged is waited for only so long', async () => {
  const stop = new AbortController()
  const stopped = await run(() => {
    stop.abort()
    return new Promise(() => {})
  }, stop)
  assert.deepEqual(stopped, { sizes: [], complete: false })
})

test('what cannot be sent ends it', async () => {
  await assert.rejects(
    run(() => Promise.reject(new Error('lost'))),
    /lost/,
  )
})
