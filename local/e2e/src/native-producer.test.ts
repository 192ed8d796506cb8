import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openProducers, type Producers } from '@order-up/engine-node/testing'
import { chooseTransport, type TransportChoice } from '@order-up/engine-node/transport'
import {
  createKafka,
  EncodedRecords,
  FetchLoop,
  groupOffsets,
  KafkaConfig,
  openFetcher,
  parseConfig,
  recordsOf,
  silentLog,
  type Fetcher,
} from '@order-up/kit'
import { CURATED_TOPIC, RAW_TOPIC, Writer } from '@order-up/schemas'
import { startTestStack, type TestStack } from '@order-up/stack/testing'
import type { Kafka } from 'kafkajs'
import { until } from './worker-process.ts'

/*
 * The port's rules, on librdkafka and a real broker. What the engine makes of them is shown by conform.native.test.ts.
 * Not shown: TLS and IAM, of which native-settings.test.ts shows the settings; several brokers.
 */

const GROUP = 'order-up.test'
const TRANSACTION_MS = 1_000

let choice: TransportChoice
try {
  choice = chooseTransport('native')
} catch (error) {
  test('native producers', { skip: `${String(error)}; \`npm run native\`` }, () => {})
  process.exit()
}

let stack: TestStack
let kafka: Kafka
let fetcher: Fetcher
let producers: Producers
before(async () => {
  stack = await startTestStack({ registry: false })
  const config = parseConfig(KafkaConfig, stack.kafkaConfig)
  kafka = createKafka(config, 'e2e', silentLog())
  fetcher = await openFetcher(kafka)
  producers = openProducers(choice, kafka, {
    config,
    clientId: 'e2e',
    groupId: GROUP,
    topic: RAW_TOPIC,
    transactionTimeoutMs: TRANSACTION_MS,
    log: silentLog(),
  })
})
after(async () => {
  await producers.close()
  await fetcher.close()
  await stack.stop()
})

interface Sent {
  key: string | null
  value: string | null
  /** name and value; a name may be any bytes */
  headers?: [string | Buffer, string | null][]
}

function encoded(partition: number, sent: Sent[]): EncodedRecords {
  const records = new EncodedRecords(partition)
  for (const { key, value, headers = [] } of sent) {
    const w = new Writer(64)
    w.long(headers.length)
    for (const [name, content] of headers) {
      w.long(Buffer.byteLength(name))
      w.bytes(Buffer.from(name))
      if (content === null) w.long(-1)
      else w.string(content)
    }
    const [k, v] = [key, value].map((text) => (text === null ? null : Buffer.from(text)))
    const none = Buffer.alloc(0)
    records.add(k ?? none, 0, k?.length ?? -1, v ?? none, 0, v?.length ?? -1, w.buffer, w.pos)
  }
  return records
}

/** What a read_committed reader is shown of a partition of curated, each record's part from its key on in hex. */
async function shown(partition: number): Promise<string[]> {
  const stop = new AbortController()
  const found: string[] = []
  const loop = new FetchLoop(kafka, { onTrouble: () => {} })
  let position = 0
  loop.cursors.add({
    topic: CURATED_TOPIC,
    partition,
    get position() {
      return position
    },
    isPaused: () => false,
    take({ batches, aborted, stable }) {
      const { list, next } = recordsOf(batches, position, aborted)
      for (let i = 0; i < list.length; i++) {
        const [key, value] = [list.keyAt(i), list.valueAt(i)]
        const headers = list.bufs[i]!.subarray(list.headersStarts[i], list.ends[i])
        found.push([key, value, headers].map((b) => b?.toString('hex') ?? 'null').join('/'))
      }
      position = next
      if (next >= stable) stop.abort()
    },
  })
  await loop.run(stop.signal)
  return found
}

const offsetOf = async (partition: number) => {
  const admin = kafka.admin()
  await admin.connect()
  const offsets = await groupOffsets(admin, GROUP, RAW_TOPIC).finally(() => admin.disconnect())
  return offsets.find((o) => o.partition === partition)!.committed
}

const hex = (text: string) => Buffer.from(text).toString('hex')

test('records are written as they were encoded: what is null or empty, and headers in their order', async () => {
  const producer = await producers.create('t-bytes')
  await producer.begin()
  const sent: Sent[] = [
    {
      key: 'a',
      value: 'x',
      headers: [
        ['h', '1'],
        ['h', ''],
        ['ö', '\0'],
      ],
    },
    { key: null, value: null },
    { key: '', value: '' },
  ]
  await producer.send(CURATED_TOPIC, encoded(0, sent))
  await producer.sendOffset(0, 7)
  await producer.commit()
  await producer.close()

  assert.deepEqual(await shown(0), [
    `${hex('a')}/${hex('x')}/${hex('\x02h\x021\x02h\x00\x04ö\x02\0')}`,
    'null/null/',
    '//',
  ])
  assert.equal(await offsetOf(0), 7)
})

test('headers that librdkafka would alter fail their transaction; the next one is written by kafkajs, byte for byte', async () => {
  const unfit: [string | Buffer, string | null][] = [
    ['n', null],
    ['a\0b', '1'],
    [Buffer.from([0xff]), '1'],
  ]
  const expected = ['02' + hex('n') + '01', '06' + hex('a\0b') + '0231', '02ff0231']
  for (const [i, header] of unfit.entries()) {
    const records = () => encoded(1, [{ key: 'k', value: 'v', headers: [header] }])
    const native = await producers.create(`t-unfit-${i}`)
    await native.begin()
    await assert.rejects(native.send(CURATED_TOPIC, records()), { code: 'UNFIT_HEADERS' })
    await native.close()

    const plain = await producers.create(`t-unfit-${i}`)
    await plain.begin()
    await plain.send(CURATED_TOPIC, records())
    await plain.commit()
    await plain.close()
  }
  assert.deepEqual(
    await shown(1),
    expected.map((headers) => `${hex('k')}/${hex('v')}/${headers}`),
  )
})

test('a successor fences: what its predecessor had open is nothing, and every call of it says so', async () => {
  const before = await shown(2)
  const first = await producers.create('t-fenced')
  await first.begin()
  await first.send(CURATED_TOPIC, encoded(2, [{ key: 'a', value: 'of the first' }]))
  const second = await producers.create('t-fenced')
  const fenced = { name: 'FencedError', code: 'FENCED' }
  await assert.rejects(first.sendOffset(2, 5), fenced)
  await assert.rejects(first.commit(), fenced)
  await first.close()

  const idle = await producers.create('t-fenced') // the second has nothing open
  await second.begin()
  await second.send(CURATED_TOPIC, encoded(2, [{ key: 'a', value: 'of the second' }]))
  await assert.rejects(second.commit(), fenced)
  await Promise.all([second.close(), idle.close()])

  assert.deepEqual(await shown(2), before)
  assert.equal(await offsetOf(2), undefined)
})

test('a record that the topic does not take fails the whole transaction, and is no fencing', async () => {
  const before = await shown(2)
  for (const size of [2 << 20, 20 << 20]) {
    const producer = await producers.create('t-large')
    const transaction = async () => {
      await producer.begin()
      await producer.send(CURATED_TOPIC, encoded(2, [{ key: 'a', value: 'small' }]))
      await producer.send(CURATED_TOPIC, encoded(2, [{ key: 'b', value: 'x'.repeat(size) }]))
      await producer.sendOffset(2, 9)
      await producer.commit()
    }
    try {
      // the call that says so first may know no more than that the transaction can't go on
      await assert.rejects(transaction(), { name: 'Error', message: /too large|Erroneous state/ })
    } finally {
      await producer.close()
    }
  }
  await (await producers.create('t-large')).close() // settles what was open
  assert.deepEqual(await shown(2), before)
  assert.equal(await offsetOf(2), undefined)
})

test('a commit without an answer: the outcome is unknown, the producer soon closed, and rows and offset agree after', async () => {
  const before = (await shown(3)).length
  const producer = await producers.create('t-unknown')
  await producer.begin()
  await producer.send(CURATED_TOPIC, encoded(3, [{ key: 'a', value: 'x' }]))
  await producer.sendOffset(3, 5)
  const broker = stack.supervisor.status().find(({ name }) => name === 'broker')!.pid!
  process.kill(broker, 'SIGSTOP')
  const began = performance.now()
  try {
    await assert.rejects(producer.commit(), (error) => {
      assert.notEqual((error as Error).name, 'FencedError')
      return true
    })
    const asked = performance.now() - began
    await producer.close()
    assert.ok(performance.now() - began - asked < 2_000, 'it closes soon')
  } finally {
    process.kill(broker, 'SIGCONT')
  }
  await (await producers.create('t-unknown')).close()

  await until('rows and offset to agree', async () => {
    const written = (await shown(3)).length - before
    const moved = (await offsetOf(3)) === 5
    return written === (moved ? 1 : 0)
  })
})
