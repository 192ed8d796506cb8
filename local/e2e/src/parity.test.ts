import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Report } from '@order-up/parity'
import { CURATED_TOPIC, FILLED_HEADER, shadowTopic } from '@order-up/schemas'
import { ParityScene } from './parity-scene.ts'

const AA = ['node-1', 'node-2'] as const
const FLINKS = ['flink-1', 'flink-2'] as const
const STREAMS = ['kafka-streams-1', 'kafka-streams-2'] as const
const TIMEOUT_MS = 180_000

/** What has been counted, without what time changes. */
const counted = ({ rows, deadLetters, seen, covered, sides }: Report) => ({
  rows,
  deadLetters,
  seen,
  covered,
  sides,
})
const sum = (lists: ReadonlyMap<number, readonly unknown[]>) =>
  [...lists.values()].reduce((n, list) => n + list.length, 0)

test(
  'an engine beside itself: PASS, the same after a kill -9, INCONCLUSIVE while one stands still',
  { timeout: TIMEOUT_MS },
  async (t) => {
    const scene = await ParityScene.open(t)
    await scene.produce(1, 300)
    const [, second] = await Promise.all(AA.map((id) => scene.engine(id)))
    const comparer = await scene.comparer(AA)
    const truth = await scene.truth()

    const pass = await scene.untilReport(
      AA,
      'a PASS on all',
      (r) => r.verdict === 'PASS' && r.comparison.behind === 0,
    )
    assert.equal(pass.rows.equal, sum(truth.rows))
    assert.equal(pass.deadLetters.equal, sum(truth.deadLetters))
    assert.equal(pass.seen.orders, truth.orders.size)
    assert.deepEqual(pass.differences, [])
    assert.ok(pass.planted.length >= 10 && pass.planted.every(({ caught }) => caught))

    await comparer.kill('SIGKILL')
    const killedAt = Date.now()
    const again = await scene.comparer(AA)
    const resumed = await scene.untilReport(
      AA,
      'a report after the restart',
      (r) => r.at > killedAt && r.verdict === 'PASS',
    )
    assert.deepEqual(counted(resumed), counted(pass))

    await second!.kill('SIGSTOP')
    await scene.produce(2, 50)
    const stalled = await scene.untilReport(
      AA,
      'INCONCLUSIVE',
      (r) => r.verdict === 'INCONCLUSIVE' && /node-2 stands still/.test(r.reason),
    )
    assert.ok(stalled.lags['node-2']!.records! > 0)
    await second!.kill('SIGCONT')
    const after = await scene.truth()
    await scene.untilReport(
      AA,
      'a PASS again',
      (r) => r.verdict === 'PASS' && r.rows.equal === sum(after.rows),
    )
    assert.equal(await again.kill('SIGTERM'), 0)
  },
)

test(
  'two that do not agree: FAIL, with what differs; copies made by a swap are left out; an open transaction holds the verdict back',
  { timeout: TIMEOUT_MS },
  async (t) => {
    const scene = await ParityScene.open(t)
    await scene.produce(3, 150)
    const truth = await scene.truth()
    const partition = 0
    const rows = truth.rows.get(partition)!
    const [changed, lacking, twice] = rows.slice(10)
    const all = sum(truth.rows)

    await t.test('FAIL names the field, the row and both values', async () => {
      await scene.write(truth, { deployment: 'flink-1' })
      await scene.write(truth, {
        deployment: 'flink-2',
        // several subtasks write to one partition: only the rows of one order are in raw's order
        order: (messages) => [
          ...messages.filter((_, i) => i % 3 > 0),
          ...messages.filter((_, i) => i % 3 === 0),
        ],
        row: (row, place) => {
          if (place.partition !== partition) return row
          if (place.offset === changed!.offset)
            return { ...row, refunded_amount: row.refunded_amount + 7 }
          return place.offset === lacking!.offset ? null : row
        },
      })
      await scene.transact('twice', async (transaction) => {
        const again = await scene.rowMessage('flink-1', partition, twice!.offset, twice!.row)
        await transaction.send({ topic: CURATED_TOPIC, messages: [again] })
      })
      // by a swap's end: the same row once more, marked
      await scene.transact('filled', async (transaction) => {
        const filled = await scene.rowMessage('flink-2', partition, twice!.offset, twice!.row)
        await transaction.send({
          topic: CURATED_TOPIC,
          messages: [{ ...filled, headers: { ...filled.headers, [FILLED_HEADER]: '7' } }],
        })
      })
      const comparer = await scene.comparer(FLINKS)
      const fail = await scene.untilReport(
        FLINKS,
        'FAIL on all',
        (r) => r.verdict === 'FAIL' && r.comparison.behind === 0 && r.comparison.held === 0,
      )
      await comparer.kill('SIGTERM')

      assert.deepEqual(fail.rows, {
        equal: all - 2,
        different: 1,
        onlyIn: { 'flink-1': 1, 'flink-2': 0 },
        twice: { 'flink-1': 1, 'flink-2': 0 },
      })
      assert.equal(fail.deadLetters.equal, sum(truth.deadLetters))
      assert.deepEqual(fail.fields, { refunded_amount: 1 })
      const { order_id, version, refunded_amount } = changed!.row
      assert.deepEqual(
        fail.differences.find(({ is }) => is === 'different'),
        {
          kind: 'row',
          is: 'different',
          deployment: null,
          order_id,
          version,
          partition,
          offset: changed!.offset,
          fields: {
            refunded_amount: { 'flink-1': refunded_amount, 'flink-2': refunded_amount + 7 },
          },
        },
      )
      assert.match(
        fail.reason,
        /1 row differs; 1 row of flink-1 flink-2 lacks; flink-1 wrote 1 row more than once; in refunded_amount \(1\)/,
      )
    })

    await t.test('of other artefacts nothing is known: it begins with what comes now', async () => {
      const comparer = await scene.comparer(FLINKS, { ARTIFACTS: 'another,one' })
      const anew = await scene.untilReport(
        FLINKS,
        'a new beginning',
        (r) => r.sides[0].artifact === 'another' && r.comparison.behind === 0,
      )
      await comparer.kill('SIGTERM')

      assert.match(anew.reason, /\b0 of 100 rows were compared/)
      assert.deepEqual([anew.verdict, anew.differences], ['INCONCLUSIVE', []])
      assert.ok(anew.covered.every(({ from, to }) => from === to && from > 0))
    })

    await t.test('an open transaction: INCONCLUSIVE, and PASS once it is over', async () => {
      for (const deployment of STREAMS) await scene.write(truth, { deployment })
      const reported = Promise.withResolvers<Report>()
      await scene.transact(
        'open',
        async (transaction) => {
          const row = await scene.rowMessage(
            'kafka-streams-2',
            partition,
            changed!.offset,
            changed!.row,
          )
          await transaction.send({ topic: shadowTopic('kafka-streams-2'), messages: [row] })
          await scene.comparer(STREAMS)
          const held = scene.untilReport(STREAMS, 'an open transaction', (r) =>
            /an open transaction has held readers/.test(r.reason),
          )
          reported.resolve(await held)
        },
        'abort',
      )
      assert.equal((await reported.promise).verdict, 'INCONCLUSIVE')
      const pass = await scene.untilReport(STREAMS, 'PASS', (r) => r.verdict === 'PASS')
      assert.equal(pass.rows.equal, all)
    })
  },
)
