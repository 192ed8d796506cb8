import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Writer } from '@order-up/schemas'
import fc from 'fast-check'
import { crc32c } from './crc32c.ts'
import { EncodedRecords } from './encoded-records.ts'
import {
  encodeProduce,
  frameRequest,
  type Message,
  type ProduceRequest,
} from './produce-request.ts'
import { visitEncoded } from './record-batches.ts'

const require = createRequire(import.meta.url)

/** kafkajs's own module, and what it is made of, loaded afresh. */
function original(name: string): unknown {
  const ours = new Map(Object.entries(require.cache))
  for (const path of ours.keys()) if (path.includes('/kafkajs/')) delete require.cache[path]
  const theirs: unknown = require(name)
  for (const [path, module] of ours) require.cache[path] = module
  return theirs
}

interface Encodable {
  encode(): Promise<{ buffer: Buffer }>
}
const theirs = original('kafkajs/src/protocol/requests/produce/v3/request.js') as (
  request: ProduceRequest,
) => Encodable
const theirFrame = original('kafkajs/src/protocol/request.js') as typeof frameRequest
const theirCrc = original('kafkajs/src/protocol/recordBatch/crc32C/index.js') as (
  bytes: Buffer,
) => number

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const headers = fc.dictionary(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.oneof(bytes, fc.string({ unit: 'grapheme' }), fc.array(bytes, { maxLength: 3 })),
  { maxKeys: 5, noNullPrototype: true },
)
const message: fc.Arbitrary<Message> = fc.record({
  key: fc.oneof(bytes, fc.constantFrom(null, undefined)),
  value: fc.oneof(bytes, fc.constant(null)),
  headers,
  // in digits of one length: kafkajs sorts them as text
  timestamp: fc.nat({ max: 1e12 }).map((time) => String(1e12 + time)),
})
const messages = fc.array(message, { minLength: 1, maxLength: 70 })
const request = fc.record({
  acks: fc.constantFrom(-1, 1),
  timeout: fc.nat(),
  transactionalId: fc.constantFrom(null, 'order-up.engine.node-1-3', 'ü'),
  producerId: fc.constantFrom('-1', '7', String(2 ** 40)),
  producerEpoch: fc.nat({ max: 32_767 }),
  topicData: fc.array(
    fc.record({
      topic: fc.constantFrom('a', 'orders.orders.curated'),
      partitions: fc.array(fc.record({ partition: fc.nat(), firstSequence: fc.nat(), messages }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
})

test('a request is encoded and framed as kafkajs itself does it', async () => {
  await fc.assert(
    fc.asyncProperty(request, fc.constantFrom('ü/1', null), async (asked, clientId) => {
      const { buffer } = await theirs(asked).encode()
      const encoded = encodeProduce(asked)
      assert.deepEqual(encoded, buffer)

      const encode = () => Promise.resolve(Object.assign(new (encoderOf())().writeBuffer(buffer)))
      const sent = { correlationId: 77, clientId, request: { apiKey: 0, apiVersion: 7, encode } }
      assert.deepEqual((await frameRequest(sent)).buffer, (await theirFrame(sent)).buffer)
    }),
    { numRuns: 200 },
  )
})

const encoderOf = () =>
  require('kafkajs/src/protocol/encoder.js') as new () => {
    writeBuffer(bytes: Buffer): { buffer: Buffer }
  }

/** One by one as the engine does it. */
function encoded(partition: number, list: readonly Message[]): EncodedRecords {
  const records = new EncodedRecords(partition, 16)
  const none = Buffer.alloc(0)
  for (const { key, value, headers = {} } of list) {
    const w = new Writer()
    const all = Object.entries(headers)
    w.long(all.length)
    for (const [name, content] of all) {
      w.string(name)
      w.long((content as Buffer).length)
      w.bytes(content as Buffer)
    }
    const [k, v] = [key as Buffer | null, value as Buffer | null]
    records.add(k ?? none, 0, k?.length ?? -1, v ?? none, 0, v?.length ?? -1, w.since(0), w.pos)
  }
  return records
}

const plain = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(fc.string({ unit: 'grapheme' }), bytes, {
    maxKeys: 3,
    noNullPrototype: true,
  }),
})

test('encoded records go out as the messages do that they stand for, and can be walked', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1e12 })
  const list = fc.array(plain, { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(list, fc.nat(99), (wanted, partition) => {
      const records = encoded(partition, wanted)
      const send = (all: readonly Message[] | EncodedRecords) =>
        encodeProduce({
          acks: -1,
          timeout: 1,
          topicData: [{ topic: 't', partitions: [{ partition, messages: all }] }],
        })
      assert.deepEqual(send(records), send(wanted))

      const seen: unknown[] = []
      visitEncoded(records.bytes, records.length, (r) => {
        const at = (start: number, length: number) =>
          length < 0 ? null : Buffer.from(r.buf.subarray(start, start + length))
        seen.push([at(r.keyStart, r.keyLength), at(r.valueStart, r.valueLength), r.headerCount])
      })
      assert.deepEqual(
        seen,
        wanted.map(({ key, value, headers }) => [key, value, Object.keys(headers).length]),
      )
    }),
    { numRuns: 200 },
  )
})

test('what is neither kept nor sent is not claimed: compression', () => {
  assert.throws(() => encodeProduce({ acks: 1, timeout: 1, compression: 1, topicData: [] }))
})

test('a null header value, which kafkajs reads but throws on when it writes, is written', async () => {
  const asked: ProduceRequest = {
    acks: -1,
    timeout: 0,
    topicData: [
      {
        topic: 't',
        partitions: [
          { partition: 0, messages: [{ key: null, value: null, headers: { a: null } }] },
        ],
      },
    ],
  }
  await assert.rejects(theirs(asked).encode(), TypeError)
  assert.equal(encodeProduce(asked).subarray(-10).toString('hex'), '12000000010102026101')
})

test('the checksum is that of the standard, and kafkajs’s, at every length and place', () => {
  assert.equal(crc32c(Buffer.from('123456789'), 0, 9), 0xe3069283)
  fc.assert(
    fc.property(bytes, fc.nat(20), (all, start) => {
      const from = Math.min(start, all.length)
      assert.equal(crc32c(all, from, all.length), theirCrc(all.subarray(from)))
    }),
  )
})
