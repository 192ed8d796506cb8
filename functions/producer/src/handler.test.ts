import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RetryableError, TerminalError, silentLog } from '@order-up/kit'
import { Outcome, Problem } from './answers.ts'
import { MAX_BODY_BYTES, createIngest, type HttpRequest, type HttpResponse } from './handler.ts'
import type { RawMessage, RawSender } from './send.ts'

// What Kafka itself does is tried on a real broker in local/e2e; here it is the answers, and who is asked when.

const EVENT = {
  event_id: '5f0c6f0e-8a55-4b8e-9d0a-0d6f4b1f7a11',
  event_type: 'ORDER_DELIVERED',
  event_ts: Date.UTC(2026, 0, 1),
  order_id: 'order-1',
  payload: {},
}
const BAD = { ...EVENT, event_id: 'none' }

const many = (count: number) => Array.from({ length: count }, () => EVENT)

const post = (body: unknown, change: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  path: '/events',
  contentType: 'application/json',
  body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
  ...change,
})

/** A sender that appends to a list; `send` can be replaced. */
class ListSender implements RawSender {
  readonly partitions = 1
  readonly schemaId = 1
  readonly appended: string[] = []
  closed = false
  messageOf = ({ event_id }: { event_id: string }): RawMessage => ({
    key: null,
    value: Buffer.from(event_id),
    partition: 0,
  })
  send: RawSender['send'] = (messages) => {
    const where = messages.map((_, i) => ({ partition: 0, offset: this.appended.length + i }))
    this.appended.push(...messages.map(({ value }) => String(value)))
    return Promise.resolve(where)
  }
  close = () => {
    this.closed = true
    return Promise.resolve()
  }
}

function ingestOn(...senders: (ListSender | Error)[]) {
  let opened = 0
  const ingest = createIngest({
    openSender: async () => {
      const next = senders[opened++]
      if (next instanceof Error) throw next
      return next!
    },
    deadlineMs: 100,
    log: silentLog(),
  })
  return { ...ingest, opened: () => opened }
}

const outcome = ({ body }: HttpResponse) => Outcome.parse(body)
const problem = ({ body }: HttpResponse) => Problem.parse(body).error
const unreachable = () => new RetryableError('KAFKA_UNREACHABLE', 'Kafka does not answer')

test('202: one event, or several, with where each lies', async () => {
  const sender = new ListSender()
  const { handle } = ingestOn(sender)
  const one = await handle(post(EVENT))
  const two = await handle(post([EVENT, EVENT]))
  assert.deepEqual([one.status, two.status], [202, 202])
  const { event_id } = EVENT
  assert.deepEqual(outcome(one), {
    accepted: [{ index: 0, event_id, partition: 0, offset: 0 }],
    rejected: [],
  })
  // an event_id that comes twice is appended twice: the engine drops the second
  assert.deepEqual(
    outcome(two).accepted.map(({ index, offset }) => [index, offset]),
    [
      [0, 1],
      [1, 2],
    ],
  )
})

test('207: the good are appended, the bad get a reason each', async () => {
  const sender = new ListSender()
  const response = await ingestOn(sender).handle(post([BAD, EVENT]))
  assert.equal(response.status, 207)
  const { accepted, rejected } = outcome(response)
  assert.deepEqual(
    accepted.map(({ index }) => index),
    [1],
  )
  assert.deepEqual(
    rejected.map(({ index, reason }) => [index, reason]),
    [[0, 'field_limits']],
  )
  assert.deepEqual(sender.appended, [EVENT.event_id])
})

test('400: all are bad, and Kafka is not asked', async () => {
  const ingest = ingestOn()
  const response = await ingest.handle(post([BAD, 5]))
  assert.equal(response.status, 400)
  assert.deepEqual(
    outcome(response).rejected.map(({ reason }) => reason),
    ['field_limits', 'invalid_shape'],
  )
  assert.equal(ingest.opened(), 0)
})

const REFUSED: readonly [string, HttpRequest, number, string][] = [
  ['no JSON', post(Buffer.from('{')), 400, 'INVALID_JSON'],
  ['nothing', post(Buffer.alloc(0)), 400, 'INVALID_JSON'],
  ['JSON that is not UTF-8', post(Buffer.from('"\xff"', 'latin1')), 400, 'INVALID_JSON'],
  ['an empty array', post([]), 400, 'NO_EVENTS'],
  ['501 events', post(many(501)), 413, 'TOO_MANY_EVENTS'],
  ['too many bytes', post(Buffer.alloc(MAX_BODY_BYTES + 1, ' ')), 413, 'BODY_TOO_LARGE'],
  ['another path', post(EVENT, { path: '/orders' }), 404, 'NOT_FOUND'],
  ['another method', post(EVENT, { method: 'PUT' }), 405, 'METHOD_NOT_ALLOWED'],
  ['a form', post(EVENT, { contentType: 'text/plain' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['no content-type', post(EVENT, { contentType: undefined }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
]
for (const [name, request, status, code] of REFUSED) {
  test(`${status} ${code}: ${name}`, async () => {
    const ingest = ingestOn()
    const response = await ingest.handle(request)
    assert.deepEqual([response.status, problem(response).code], [status, code])
    assert.equal(ingest.opened(), 0)
  })
}

test('at the limits all is well: 500 events, so many bytes, a charset', async () => {
  const { handle } = ingestOn(new ListSender())
  const most = await handle(post(many(500)))
  assert.equal(outcome(most).accepted.length, 500)
  const large = Buffer.alloc(MAX_BODY_BYTES, ' ')
  large.write(JSON.stringify(EVENT))
  const contentType = 'Application/JSON; charset=utf-8'
  assert.equal((await handle(post(large, { contentType }))).status, 202)
})

test('503: what failed is replaced on the next request, and trouble is told until it is over', async () => {
  const failing = new ListSender()
  failing.send = () => Promise.reject(unreachable())
  const ingest = ingestOn(unreachable(), failing, new ListSender())

  for (const sender of ['that cannot be opened', 'that cannot send']) {
    const response = await ingest.handle(post(EVENT))
    assert.equal(response.status, 503, sender)
    assert.equal(response.headers['retry-after'], '1')
    assert.equal(problem(response).code, 'KAFKA_UNREACHABLE')
    assert.equal(ingest.trouble(), 'KAFKA_UNREACHABLE')
  }
  assert.ok(failing.closed)

  assert.equal((await ingest.handle(post(EVENT))).status, 202)
  assert.equal(ingest.trouble(), undefined)
  assert.equal(ingest.opened(), 3)
})

test('503: Kafka does not answer in time', async () => {
  const silent = new ListSender()
  silent.send = () => new Promise(() => {})
  const response = await ingestOn(silent).handle(post([EVENT, BAD]))
  assert.equal(response.status, 503)
  assert.equal(problem(response).code, 'KAFKA_UNREACHABLE')
  assert.ok(silent.closed)
})

test('503: not deployed, and not worth sending again', async () => {
  const missing = new TerminalError('TOPIC_MISSING', 'no topic')
  const response = await ingestOn(missing).handle(post(EVENT))
  assert.deepEqual(problem(response), { code: 'TOPIC_MISSING', message: 'no topic' })
})

test('one connection serves all requests, also those that come before it is there', async () => {
  const ingest = ingestOn(new ListSender())
  const answers = await Promise.all([1, 2, 3].map(() => ingest.handle(post(EVENT))))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [202, 202, 202],
  )
  assert.equal(ingest.opened(), 1)
})
