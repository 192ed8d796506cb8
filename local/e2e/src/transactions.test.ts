import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fencing, listOpenTransactions, abortTransactions } from '@order-up/kit'
import { CURATED_TOPIC } from '@order-up/schemas'
import { brokerOnly, leaveOpen } from './control-scene.ts'
import { until } from './worker-process.ts'

// Not shown: several brokers, each of which knows of other transactions; what a broker hides from whoever has no right.

test('what a killed producer left open is listed and aborted, and what others have open is left alone', async (t) => {
  const { kafka, fetcher } = await brokerOnly(t)
  const open = async (id: string) => {
    const left = await leaveOpen(kafka, id, CURATED_TOPIC, [{ key: id }])
    t.after(() => left.disconnect())
    return left
  }
  const ids = async () =>
    (await listOpenTransactions(kafka))
      .map(({ transactionalId, state }) => `${transactionalId} ${state}`)
      .toSorted()
  const shown = async () => (await fetcher.lastStableOffsets(CURATED_TOPIC))[0]
  assert.deepEqual(await ids(), [])
  assert.deepEqual(await abortTransactions(kafka, 'node-1-'), [])

  const dead = await open('node-1-0')
  await open('node-1-1')
  const other = await open('node-10-0')
  const long = await open(`flink-1-${'x'.repeat(200)}`)
  const ended = await open('node-1-2')
  await ended.transaction.commit()
  // what is committed is listed until that is written everywhere
  await until('the commit', async () => (await ids()).length === 4)
  assert.deepEqual(await ids(), [
    `flink-1-${'x'.repeat(200)} Ongoing`,
    'node-1-0 Ongoing',
    'node-1-1 Ongoing',
    'node-10-0 Ongoing',
  ])
  assert.equal(await shown(), 0)

  const aborted = await abortTransactions(kafka, 'node-1-')

  assert.deepEqual(aborted.toSorted(), ['node-1-0', 'node-1-1'])
  // node-10 began third: readers are shown what lies before
  await until('readers to go on', async () => (await shown()) === 2)
  assert.equal((await ids()).length, 2)
  await assert.rejects(fencing(dead.transaction.commit()), { name: 'FencedError' })
  await other.transaction.commit()
  await long.transaction.abort()
  await until('nothing to be open', async () => (await ids()).length === 0)
})
