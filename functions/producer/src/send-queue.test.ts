import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_PARTITION_BYTES, MAX_PARTITION_MESSAGES, SendQueue } from './send-queue.ts'
import type { Appended, RawMessage } from './send.ts'

const message = (partition: number, bytes = 10): RawMessage => ({
  key: Buffer.from('k'),
  value: Buffer.alloc(bytes),
  partition,
})
const several = (count: number, partition = 0) =>
  Array.from({ length: count }, () => message(partition))

/** Requests that the test answers itself. */
class Requests {
  readonly open: { messages: readonly RawMessage[]; answer: (ok: boolean) => void }[] = []
  readonly sizes: number[] = []
  readonly queue = new SendQueue((messages) => {
    const { promise, resolve, reject } = Promise.withResolvers<Appended[]>()
    const first = this.sizes.reduce((sum, n) => sum + n, 0)
    this.sizes.push(messages.length)
    const where = messages.map(({ partition }, i) => ({ partition, offset: first + i }))
    const answer = (ok: boolean) => (ok ? resolve(where) : reject(new Error('lost')))
    this.open.push({ messages, answer })
    return promise
  })

  async answer(ok = true) {
    this.open.shift()!.answer(ok)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('one request at a time; what waits meanwhile goes together in the next', async () => {
  const requests = new Requests()
  const a = requests.queue.add(several(2))
  const b = requests.queue.add(several(3))
  const c = requests.queue.add(several(1))
  assert.deepEqual(requests.sizes, [2])
  await requests.answer()
  assert.deepEqual(requests.sizes, [2, 4])
  await requests.answer()
  const offsets = async (sent: Promise<Appended[]>) => (await sent).map(({ offset }) => offset)
  assert.deepEqual(await offsets(a), [0, 1])
  assert.deepEqual(await offsets(b), [2, 3, 4])
  assert.deepEqual(await offsets(c), [5])
})

test('a request holds so many messages of a partition, and the order is kept', async () => {
  const requests = new Requests()
  const messages = [...several(MAX_PARTITION_MESSAGES), message(1), message(0), message(1)]
  const sent = requests.queue.add(messages)
  assert.deepEqual(requests.open[0]!.messages, messages.slice(0, MAX_PARTITION_MESSAGES + 1))
  await requests.answer()
  assert.deepEqual(requests.open[0]!.messages, messages.slice(MAX_PARTITION_MESSAGES + 1))
  await requests.answer()
  assert.equal((await sent).length, messages.length)
})

test('a request holds so many bytes of a partition, but a larger message goes alone', async () => {
  const requests = new Requests()
  const half = message(0, MAX_PARTITION_BYTES / 2 - 100)
  const huge = message(0, MAX_PARTITION_BYTES * 2)
  const sent = requests.queue.add([half, half, half, huge, half])
  for (let i = 0; i < 4; i++) await requests.answer()
  assert.equal((await sent).length, 5)
  assert.deepEqual(requests.sizes, [2, 1, 1, 1])
})

test('a failed request fails whoever had messages in it, and nobody else', async () => {
  const requests = new Requests()
  const a = requests.queue.add(several(MAX_PARTITION_MESSAGES + 1))
  const b = requests.queue.add(several(1))
  const failed = assert.rejects(a, /lost/)
  await requests.answer(false)
  await failed
  assert.equal(requests.open[0]!.messages.length, 1, 'the rest of what failed is not sent')
  await requests.answer()
  assert.equal((await b).length, 1)
})

// The queue ended its run in a promise callback: a caller that was answered with the last request and added more at
// once found it still marked as running, and waited for ever.
test('whoever has just been answered can add more', async () => {
  const queue = new SendQueue((messages) =>
    Promise.resolve(messages.map(({ partition }) => ({ partition, offset: 0 }))),
  )
  for (let i = 0; i < 10; i++) assert.equal((await queue.add(several(1))).length, 1)
})

test('nothing to send is sent at once', async () => {
  const requests = new Requests()
  assert.deepEqual(await requests.queue.add([]), [])
  assert.deepEqual(requests.sizes, [])
})

test('closing waits for the request under way and refuses the rest', async () => {
  const requests = new Requests()
  const a = requests.queue.add(several(1))
  const b = requests.queue.add(several(1))
  const refused = assert.rejects(b, { code: 'SENDER_CLOSED' })
  const closed = requests.queue.close()
  await assert.rejects(requests.queue.add(several(1)), { code: 'SENDER_CLOSED' })
  await requests.answer()
  await closed
  await refused
  assert.equal((await a).length, 1)
  assert.deepEqual(requests.sizes, [1])
})

test('closing does not begin another request of what is half sent', async () => {
  const requests = new Requests()
  const a = requests.queue.add(several(MAX_PARTITION_MESSAGES + 1))
  const refused = assert.rejects(a, { code: 'SENDER_CLOSED' })
  const closed = requests.queue.close()
  await requests.answer()
  await closed
  await refused
  assert.deepEqual(requests.sizes, [MAX_PARTITION_MESSAGES])
})
