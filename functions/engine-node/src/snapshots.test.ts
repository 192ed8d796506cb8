import assert from 'node:assert/strict'
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { silentLog } from '@order-up/kit'
import { openBlobStore } from './blob-store.ts'
import type { Position } from './position.ts'
import { Snapshots } from './snapshots.ts'
import { at, commit, get, tempDir, TINY } from './state.fixture.ts'
import { StateStore } from './state-log.ts'

async function snapshots(t: TestContext) {
  const url = await tempDir(t)
  const kept = new Snapshots(await openBlobStore(url), 'node-1', silentLog())
  const save = (partition: number, store: StateStore) =>
    kept.save(partition, (dir) => store.backup(dir))
  return { url, kept, save }
}
const any = () => true
const nothing = () => Promise.resolve()

/** A store of many segments, the first of which were cleaned and removed. */
async function filled(dir: string): Promise<StateStore> {
  const store = await StateStore.open(dir, at(0), TINY)
  for (let n = 1; n <= 10; n++) {
    commit(store, n, { [`order-${n}`]: 'x'.repeat(400), 'order-1': `version ${n}` })
    await store.flush()
  }
  assert.notEqual((await readdir(dir)).toSorted()[0], '0000000001.log')
  return store
}

test('a snapshot stands for the offset at which it was taken, and the newest wanted one is restored', async (t) => {
  const { kept, save } = await snapshots(t)
  const store = await filled(await tempDir(t))
  await save(3, store)
  commit(store, 50, { 'order-1': 'version 11', 'order-2': 'y'.repeat(3_000) })
  await save(3, store)
  await store.close()
  const restored = async (wanted: (p: Position) => boolean) => {
    const dir = join(await tempDir(t), 'state')
    const before = await filled(dir)
    if (!(await kept.restore(3, dir, wanted, () => before.close()))) {
      await before.close()
      return undefined
    }
    const copy = await StateStore.open(dir, at(0))
    const states = [
      get(copy, 'order-1'),
      get(copy, 'order-2')?.length,
      get(copy, 'order-10')?.length,
    ]
    await copy.close()
    assert.ok((await readdir(dir)).every((name) => name.endsWith('.log')))
    return [copy.position.next, copy.orders, ...states]
  }

  assert.deepEqual(await restored(any), [50, 10, 'version 11', 3_000, 400])
  assert.deepEqual(await restored(({ next }) => next <= 49), [10, 10, 'version 10', 400, 400])
  assert.equal(await restored(({ next }) => next < 10), undefined)
  assert.equal(await kept.restore(2, await tempDir(t), any, nothing), false)
})

test('a snapshot whose data is damaged is passed over for the one before', async (t) => {
  const { url, kept, save } = await snapshots(t)
  const store = await filled(await tempDir(t))
  await save(0, store)
  store.commit(20, null)
  await save(0, store)
  store.commit(30, null)
  await save(0, store)
  await store.close()
  const dataOf = (next: number) => join(url, `node-1/0/${String(next).padStart(16, '0')}.state`)
  await truncate(dataOf(30), (await stat(dataOf(30))).size - 1)
  const dir = join(await tempDir(t), 'state')

  assert.equal(await kept.restore(0, dir, any, nothing), true)

  const copy = await StateStore.open(dir, at(0))
  t.after(() => copy.close())
  assert.deepEqual([copy.position.next, get(copy, 'order-1')], [20, 'version 10'])
  const bytes = await readFile(dataOf(20))
  await writeFile(
    dataOf(20),
    Buffer.concat([bytes.subarray(0, 300), Buffer.from('x'), bytes.subarray(301)]),
  )
  assert.equal(await kept.restore(0, await tempDir(t), any, nothing), false)
})

test('only the newest two snapshots are kept', async (t) => {
  const { url, save } = await snapshots(t)
  const store = await StateStore.open(await tempDir(t), at(0))
  t.after(() => store.close())
  for (const next of [10, 20, 30, 40]) {
    store.commit(next, null)
    await save(0, store)
  }

  assert.deepEqual((await readdir(join(url, 'node-1/0'))).toSorted(), [
    '0000000000000030.json',
    '0000000000000030.state',
    '0000000000000040.json',
    '0000000000000040.state',
  ])
})
