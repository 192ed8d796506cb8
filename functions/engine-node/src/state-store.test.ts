import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { silentLog } from '@order-up/kit'
import { fold, rowOf, type OrderState } from '@order-up/fold'
import type { OrderEvent } from '@order-up/schemas'
import { openBlobStore } from './blob-store.ts'
import { startOf, usable, type Position } from './position.ts'
import { Snapshots } from './snapshots.ts'
import { StateStore } from './state-store.ts'

async function tempDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-test-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

const paid = (orderId: string, n: number): OrderEvent => ({
  event_id: `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`,
  event_type: 'ORDER_PAID',
  event_ts: 1_700_000_000_000 + n,
  order_id: orderId,
  payload: { payment_id: 'p', amount: n, method: 'card' },
  schema_version: 1,
})

/** The state of an order after so many payments. */
function stateAfter(orderId: string, events: number): OrderState {
  let state: OrderState | null = null
  for (let n = 1; n <= events; n++) {
    const next = fold(state, paid(orderId, n))
    assert.notEqual(next, 'duplicate')
    state = next as OrderState
  }
  return state!
}

const last = (offset: number) => ({ offset, sha256: 'x' })
const rowIn = (store: StateStore, orderId: string) => {
  const state = store.get(orderId, Buffer.from(orderId))
  return state && rowOf(orderId, state)
}
const filled = async (dir: string, orders: number, next = orders) => {
  const store = await StateStore.open(dir, startOf(4))
  const states = Array.from(
    { length: orders },
    (_, i) => [`o-${i}`, stateAfter(`o-${i}`, 3)] as const,
  )
  store.merge(new Map(states), next, last(next - 1))
  return store
}

test('what was flushed is there after opening again, with the offset it stands for', async (t) => {
  const dir = await tempDir(t)
  const store = await filled(dir, 100)
  await store.flush()
  await store.close()

  const again = await StateStore.open(dir, startOf(4))
  t.after(() => again.close())

  assert.equal(again.position.next, 100)
  assert.equal(again.orders, 100)
  assert.deepEqual(rowIn(again, 'o-42'), rowOf('o-42', stateAfter('o-42', 3)))
  assert.equal(rowIn(again, 'o-100'), null)
})

test('what was not flushed is lost together with its offset', async (t) => {
  const dir = await tempDir(t)
  const store = await filled(dir, 100)
  await store.flush()
  store.merge(new Map([['o-1', stateAfter('o-1', 9)]]), 200, last(199))
  assert.equal(rowIn(store, 'o-1')?.version, 9)
  await store.close()

  const again = await StateStore.open(dir, startOf(4))
  t.after(() => again.close())

  assert.equal(again.position.next, 100)
  assert.equal(rowIn(again, 'o-1')?.version, 3)
})

test('an order is found in every generation: unflushed, being flushed, just flushed and stored', async (t) => {
  const store = await filled(await tempDir(t), 10)
  t.after(() => store.close())

  const flushed = store.flush()
  store.merge(new Map([['o-1', stateAfter('o-1', 4)]]), 11, last(10))
  assert.equal(rowIn(store, 'o-1')?.version, 4)
  assert.equal(rowIn(store, 'o-2')?.version, 3)
  await flushed
  assert.equal(rowIn(store, 'o-2')?.version, 3)
  await store.flush()
  assert.equal(rowIn(store, 'o-1')?.version, 4)
  await store.flush()
  assert.equal(rowIn(store, 'o-1')?.version, 4)
  assert.equal(rowIn(store, 'o-2')?.version, 3)
})

test('order ids that are not ASCII, and of the greatest length, are keys', async (t) => {
  const store = await StateStore.open(await tempDir(t), startOf(4))
  t.after(() => store.close())
  const ids = ['ü'.repeat(512), 'x'.repeat(1_024), '\u0000', '订单-1', '🧾']

  store.merge(new Map(ids.map((id) => [id, stateAfter(id, 2)])), 9, last(8))
  await store.flush()
  await store.flush()

  assert.deepEqual(
    ids.map((id) => rowIn(store, id)?.version),
    [2, 2, 2, 2, 2],
  )
})

async function snapshots(t: TestContext) {
  const url = await tempDir(t)
  return { url, snapshots: new Snapshots(await openBlobStore(url), 'node-1', silentLog()) }
}
const any = () => true
const nothing = () => Promise.resolve()

test('a snapshot stands for the offset at which it was taken, and the newest wanted one is restored', async (t) => {
  const { snapshots: kept } = await snapshots(t)
  const store = await filled(await tempDir(t), 10)
  await kept.save(3, store)
  store.merge(new Map([['o-1', stateAfter('o-1', 4)]]), 50, last(49))
  await kept.save(3, store)
  await store.close()
  const restored = async (wanted: (p: Position) => boolean) => {
    const dir = join(await tempDir(t), 'state')
    if (!(await kept.restore(3, dir, wanted, nothing))) return undefined
    const copy = await StateStore.open(dir, startOf(4))
    const found = [copy.position.next, rowIn(copy, 'o-1')?.version]
    await copy.close()
    return found
  }

  assert.deepEqual(await restored(any), [50, 4])
  assert.deepEqual(await restored(({ next }) => next <= 49), [10, 3])
  assert.equal(await restored(({ next }) => next < 10), undefined)
  assert.equal(await kept.restore(2, await tempDir(t), any, nothing), false)
})

test('a snapshot whose data is damaged is passed over for the one before', async (t) => {
  const { url, snapshots: kept } = await snapshots(t)
  const store = await filled(await tempDir(t), 10)
  await kept.save(0, store)
  store.merge(new Map(), 20, last(19))
  await kept.save(0, store)
  await store.close()
  const file = join(url, 'node-1/0/0000000000000020.state')
  await truncate(file, (await stat(file)).size - 1)
  const dir = join(await tempDir(t), 'state')

  assert.equal(await kept.restore(0, dir, any, nothing), true)

  const copy = await StateStore.open(dir, startOf(4))
  t.after(() => copy.close())
  assert.equal(copy.position.next, 10)
})

test('only the newest two snapshots are kept', async (t) => {
  const { url, snapshots: kept } = await snapshots(t)
  const store = await filled(await tempDir(t), 1)
  t.after(() => store.close())
  for (const next of [10, 20, 30, 40]) {
    store.merge(new Map(), next, last(next - 1))
    await kept.save(0, store)
  }

  assert.deepEqual((await readdir(join(url, 'node-1/0'))).toSorted(), [
    '0000000000000030.json',
    '0000000000000030.state',
    '0000000000000040.json',
    '0000000000000040.state',
  ])
})

test('a position is usable only for its own contract, partition count and log', () => {
  const position: Position = { ...startOf(4), next: 100, last: last(99) }

  assert.equal(usable(position, 4, 0, 100), true)
  assert.equal(usable(position, 4, 99, 100), true)
  assert.equal(usable(position, 4, 0, 99), false, 'beyond what was committed')
  assert.equal(usable(position, 4, 100, 100), false, 'its last record is gone from raw')
  assert.equal(usable(position, 8, 0, 100), false, 'of another partition count')
  assert.equal(usable({ ...position, contractVersion: 2 }, 4, 0, 100), false, 'of another contract')
  assert.equal(usable(startOf(4), 4, 0, 0), true)
  assert.equal(usable(startOf(4), 4, 5, 10), false, 'the beginning of raw is gone')
})
