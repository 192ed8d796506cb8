import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeploymentId, Proof, Swap, SwapAnswer, SwapEvent } from '@order-up/control'
import {
  asOnlyWriter,
  carrySwap,
  ensureSubject,
  epochMessage,
  observe,
  probe,
  readEpoch,
  settle,
  stepSwap,
} from '@order-up/control/operations'
import {
  listOpenTransactions,
  nextRecord,
  openFetcher,
  readTopic,
  type Fetcher,
  type OpenTransaction,
} from '@order-up/kit'
import {
  AVRO_SCHEMAS,
  bucketOf,
  CONTROL_TRANSACTIONAL_ID,
  CURATED_TOPIC,
  DLQ_TOPIC,
  FILLED_HEADER,
  RAW_SUBJECT,
  RAW_TOPIC,
  shadowTopic,
} from '@order-up/schemas'
import { brokerOnly, leaveOpen, produce, recordsIn } from './control-scene.ts'
import { EngineScene } from './engine-scene.ts'
import { truthOf } from './oracle.ts'
import { until } from './worker-process.ts'

// Not shown: several brokers, so a leader that moves; IAM; a broker that is away in the midst of a step.

test('what a broker is asked without a group: ends, what is shown, and what an open transaction holds back', async (t) => {
  const { kafka, fetcher } = await brokerOnly(t)
  const writer = kafka.producer({ transactionalId: 't', maxInFlightRequests: 1, idempotent: true })
  await writer.connect()
  const begin = async (key: string) => {
    const transaction = await writer.transaction()
    await transaction.send({ topic: CURATED_TOPIC, messages: [{ key, value: 'v', partition: 0 }] })
    return transaction
  }
  const ends = async () => [
    ...(await fetcher.lastStableOffsets(CURATED_TOPIC)),
    ...(await fetcher.highWatermarks(CURATED_TOPIC)),
  ]
  await produce(kafka, CURATED_TOPIC, [{ key: 'first' }])
  await (await begin('aborted')).abort()

  // a record and its transaction's marker take an offset each
  await until('the marker', async () => (await ends()).join() === '3,3')
  assert.equal(await nextRecord(fetcher, CURATED_TOPIC, { partition: 0, from: 0, to: 3 }), 0)
  assert.equal(await nextRecord(fetcher, CURATED_TOPIC, { partition: 0, from: 1, to: 3 }), 3)

  const before = Date.now()
  const open = await begin('open')
  assert.deepEqual(await ends(), [3, 4])
  const held = await fetcher.appendTimeOf(CURATED_TOPIC, 0, 3)
  assert.ok(held! >= before - 1_000 && held! <= Date.now() + 1_000)
  await until('the probe to say so', async () => {
    const [measured] = (await probe(kafka, 'test')).slice(-1)
    assert.deepEqual(measured?.dimensions, { Stack: 'test' })
    return Number(measured?.metrics['CuratedHeldBack']?.value) > 0.2
  })

  await open.commit()
  await until('the marker', async () => (await ends()).join() === '5,5')
  assert.equal(await nextRecord(fetcher, CURATED_TOPIC, { partition: 0, from: 1, to: 5 }), 3)
  assert.equal(await fetcher.offsetAt(CURATED_TOPIC, 0, Date.now() + 60_000), undefined)
  assert.equal(await fetcher.offsetAt(CURATED_TOPIC, 0, 0), 0)
  await writer.disconnect()
})

test('settle writes what only the shadow holds of the moved buckets, in the range, and nothing else', async (t) => {
  const { kafka, fetcher } = await brokerOnly(t)
  const orders = Array.from({ length: 40 }, (_, n) => `order-${n}`)
  const row = (n: number) => ({ key: orders[n]!, headers: { 'raw-offset': String(n) } })
  const all = [...orders.keys()]
  await produce(
    kafka,
    RAW_TOPIC,
    orders.map((key) => ({ key })),
  )
  await produce(kafka, shadowTopic('node-2'), all.map(row))
  await produce(kafka, CURATED_TOPIC, all.filter((n) => n % 3 === 0).map(row))
  await produce(kafka, 'orders.events.dlq.shadow.node-2', [
    { key: orders[12]!, headers: { 'dlq-offset': '12' } },
  ])
  const isMoved = (n: number) => bucketOf(Buffer.from(orders[n]!)) < 50
  // both bounds fall on rows that are moved and lacking
  const [sampled = 0, ...others] = all.filter((n) => n >= 5 && n % 3 !== 0 && isMoved(n))
  const end = others.at(-1)!
  const swap: Swap & { step: 'settle' } = {
    step: 'settle',
    from: { 'node-1': [[0, 99]] },
    target: { 'node-1': [[50, 99]], 'node-2': [[0, 49]] },
    startedAt: 0,
    sampled: [sampled],
    until: [end],
  }
  const expected = [sampled, ...others.slice(0, -1)]
  const letters = isMoved(12) ? 1 : 0
  assert.ok(expected.length > 3 && sampled < 12 && end > 12)
  const seen = await readEpoch(fetcher)

  const run = () =>
    asOnlyWriter(kafka, fetcher, seen, (write) => settle(fetcher, { swap, epoch: 7 }, write))
  const first = await run()
  const again = await run()

  assert.equal(first.written, expected.length + letters)
  assert.deepEqual([again.written, again.present], [0, first.written + first.present])
  const rows = await recordsIn(kafka, CURATED_TOPIC)
  const filled = rows.slice(all.filter((n) => n % 3 === 0).length)
  assert.deepEqual(
    filled,
    expected.map((n) => ({
      key: orders[n],
      value: `row of ${orders[n]}`,
      offset: String(n),
      filled: '7',
    })),
  )
  assert.equal((await recordsIn(kafka, DLQ_TOPIC)).length, letters)
})

test('a row that a later transaction hides is waited for: Flink’s overlap', async (t) => {
  const { kafka, fetcher } = await brokerOnly(t)
  await produce(kafka, RAW_TOPIC, [{ key: 'order-0' }, { key: 'order-1' }])
  const shadow = shadowTopic('flink-1')
  const open = await leaveOpen(kafka, 'flink-1-rows-0-1', shadow, [
    { key: 'order-1', headers: { 'raw-offset': '1' } },
  ])
  await produce(kafka, shadow, [{ key: 'order-0', headers: { 'raw-offset': '0' } }])
  const swap: Swap & { step: 'settle' } = {
    step: 'settle',
    from: { 'node-1': [[0, 99]] },
    target: { 'flink-1': [[0, 99]] },
    startedAt: 0,
    sampled: [0],
    until: [1],
  }
  const seen = await readEpoch(fetcher)
  let committed: Promise<void> | undefined
  const watched: Fetcher = {
    ...fetcher,
    async lastStableOffsets(topic) {
      const shown = await fetcher.lastStableOffsets(topic)
      if (topic === shadow) committed ??= open.transaction.commit()
      return shown
    },
  }

  const first = await asOnlyWriter(kafka, fetcher, seen, (write) =>
    settle(watched, { swap, epoch: 3 }, write),
  )
  await committed

  assert.deepEqual(first, { written: 1, present: 0 })
  assert.equal((await recordsIn(kafka, CURATED_TOPIC)).length, 1)
  await open.disconnect()
})

test('of two carriers only one writes, and one that was killed within a transaction is no obstacle', async (t) => {
  const { kafka, fetcher } = await brokerOnly(t)
  const seen = (await readEpoch(fetcher))!
  const next = (epoch: number) => epochMessage({ ...seen.record, epoch })

  const killed = kafka.producer({
    transactionalId: CONTROL_TRANSACTIONAL_ID,
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await killed.connect()
  const left = await killed.transaction()
  await left.send(next(666))

  await assert.rejects(
    asOnlyWriter(kafka, fetcher, seen, async (write) => {
      await asOnlyWriter(kafka, fetcher, seen, (other) => other([next(2)]))
      await write([next(3)])
    }),
    { name: 'FencedError' },
  )
  await assert.rejects(
    asOnlyWriter(kafka, fetcher, seen, (write) => write([next(4)])),
    { code: 'EPOCH_MOVED', message: /epoch 2 / },
  )
  assert.equal((await readEpoch(fetcher))?.record.epoch, 2)
  await killed.disconnect()
})

test('node-1 → node-2 → node-1 under load: carriers that know nothing, a wish taken back midway, a death, and no row lost', async (t) => {
  const scene = await EngineScene.open(t)
  const { kafka, stack, registry } = scene
  const request = (owner: DeploymentId, second: DeploymentId): SwapEvent => ({
    action: 'swap',
    target: { [owner]: [[0, 99]] },
    running: [owner, second],
    proofs: [],
    lagBound: 5_000,
  })
  const tools = {
    kafka,
    registryUrl: stack.registryUrl,
    verdictsUrl: scene.dir,
    unproven: (_: Proof) => Promise.resolve([]),
  }
  const step = (event: SwapEvent) => stepSwap(tools, event)
  const lines: string[] = []
  /** Asks until the answer, or that step, is reached. */
  const carry = async (
    event: SwapEvent,
    isThere: (answer: SwapAnswer) => boolean | Promise<boolean>,
  ) => {
    let last: SwapAnswer | undefined
    await until(
      'the swap',
      async () => {
        last = await step(event)
        if (last.state !== 'waiting') lines.push(...last.lines)
        assert.notEqual(last.state, 'refused', last.lines.join())
        return isThere(last)
      },
      120_000,
    )
    return last!
  }
  const isDone = ({ state }: SwapAnswer) => state === 'done'
  const stands = async () => {
    const fetcher = await openFetcher(kafka)
    return readEpoch(fetcher).finally(() => fetcher.close())
  }

  await t.test(
    'a subject is ensured twice, and an incompatible schema refused in the registry’s words',
    async () => {
      const schemas = AVRO_SCHEMAS[RAW_SUBJECT]!.map((schema) => JSON.stringify(schema))
      const ensure = (list: string[]) =>
        ensureSubject(stack.registryUrl, {
          subject: RAW_SUBJECT,
          schemas: list,
          compatibility: 'FULL_TRANSITIVE',
        })
      assert.deepEqual(await ensure(schemas), await ensure(schemas))
      const other = JSON.stringify({
        type: 'record',
        name: 'Other',
        fields: [{ name: 'a', type: 'int' }],
      })
      await assert.rejects(ensure([...schemas, other]), {
        code: 'SCHEMA_INCOMPATIBLE',
        message: /refuses the schema: .*compatib/i,
      })
    },
  )

  let isOver = false
  const load = (async () => {
    // for as long as it takes: a busy machine is slow, and an overlap without records shows nothing
    for (let seed = 11; !isOver; seed++) await scene.produce(seed, 400, 800)
  })()
  await scene.worker('a')
  const node2 = await scene.worker('a', { DEPLOYMENT: 'node-2' })

  const refused = await step(request('node-2', 'node-1'))
  assert.deepEqual(refused, {
    state: 'refused',
    epoch: 1,
    lines: [
      'node-1 would not run beside the new engine: keep it as the shadow (order-up:shadow) until the cutover is done',
      'node-2 would not run beside the new engine: keep it as the shadow (order-up:shadow) until the cutover is done',
    ],
  })
  const sides = (['node-1', 'node-2'] as const).map((deployment) => ({ deployment, artifact: 'x' }))
  const noVerdict = await step({ ...request('node-2', 'node-1'), sides })
  assert.match(noVerdict.lines.join(), /^there is no verdict on node-1 and node-2/)

  const there = { ...request('node-2', 'node-1'), forced: 'an e2e test' }
  const back = request('node-1', 'node-2')
  await carry(there, async () => (await stands())?.record.swap?.step === 'gate')
  assert.equal((await carry(back, isDone)).epoch, 3)
  assert.deepEqual((await stands())?.record.shares, { 'node-1': [[0, 99]] })

  await carry(there, async () => (await stands())?.record.swap?.step === 'release')
  assert.equal((await carry(there, isDone)).epoch, 5)
  assert.equal((await stands())?.record.previous, 'node-1')

  await until('node-2 to write', async () => (await listOpenTransactions(kafka)).some(isOfNode2))
  await node2.kill('SIGKILL')
  // whatever it was doing, that much is open
  const left = await leaveOpen(kafka, 'node-2-9', CURATED_TOPIC, [{ key: 'never committed' }])
  t.after(() => left.disconnect())
  const died = performance.now()
  const failover: SwapEvent = {
    ...back,
    running: ['node-1'],
    forced: 'failover: node-2 is dead',
    dead: ['node-2'],
  }
  let filled = 0
  const taken = await killedAtEachStep((signal, onStep) =>
    carrySwap(tools, failover, {
      signal,
      onAnswer(answer) {
        if (answer.state !== 'stepped') return
        lines.push(`${Math.round(performance.now() - died)} ms: ${answer.lines.join('; ')}`)
        filled += answer.filled ?? 0
        onStep()
      },
    }),
  )
  assert.deepEqual([taken.state, taken.epoch], ['done', 7])
  assert.equal((await stands())?.record.previous, null, 'what is dead is no way back')
  assert.deepEqual((await listOpenTransactions(kafka)).filter(isOfNode2), [])
  isOver = true
  await load
  const admin = kafka.admin()
  await admin.connect()
  const fetcher = await openFetcher(kafka)
  await until('node-1 to have read all', async () => {
    const { ends, deployments } = await observe({ admin, fetcher }, undefined, ['node-1'])
    return ends.every((end, partition) => deployments['node-1']!.committed[partition]! >= end)
  })
  await Promise.all([admin.disconnect(), fetcher.close()])

  const truth = await truthOf(kafka, await registry.subjectIds(RAW_SUBJECT))
  let marked = 0
  const offsets = (topic: string, header: string) => {
    const found = new Map<string, number>()
    return readTopic(kafka, topic, (records) => {
      for (const { partition, headers } of records) {
        const key = `${partition}:${String(headers[header])}`
        found.set(key, (found.get(key) ?? 0) + 1)
        if (headers[FILLED_HEADER]?.toString() === '7') marked++
      }
    }).then(() => found)
  }
  const expected = (lists: Map<number, { offset: number }[]>) =>
    [...lists].flatMap(([p, list]) => list.map(({ offset }) => `${p}:${offset}`)).toSorted()
  const curated = await offsets(CURATED_TOPIC, 'raw-offset')
  const letters = await offsets(DLQ_TOPIC, 'dlq-offset')
  assert.deepEqual([...curated.keys()].toSorted(), expected(truth.rows))
  assert.deepEqual([...letters.keys()].toSorted(), expected(truth.deadLetters))
  assert.ok(
    [...curated.values()].some((count) => count === 2),
    'both wrote in the overlap',
  )
  assert.ok(filled > 0, 'what node-2 had not committed, node-1 had put into its shadow topics')
  assert.equal(marked, filled)
  t.diagnostic(lines.join('\n'))
})

const isOfNode2 = ({ transactionalId }: OpenTransaction) => transactionalId.startsWith('node-2-')

/** Carries on after every step anew, as by another process. */
async function killedAtEachStep(
  carry: (signal: AbortSignal, onStep: () => void) => Promise<SwapAnswer>,
): Promise<SwapAnswer> {
  for (let carriers = 0; carriers < 20; carriers++) {
    const stop = new AbortController()
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(120_000)])
    try {
      return await carry(signal, () => stop.abort())
    } catch (error) {
      if (!stop.signal.aborted) throw error
    }
  }
  throw new Error('not done after 20 carriers')
}
