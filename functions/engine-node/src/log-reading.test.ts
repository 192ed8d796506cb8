import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLog } from './log-reading.ts'
import { at, commit, tempDir } from './state.fixture.ts'
import { StateStore } from './state-log.ts'

test('of what is read, only the newest record of each key is live', async (t) => {
  const dir = await tempDir(t)
  const store = await StateStore.open(dir, at(0))
  for (let n = 1; n <= 3; n++) {
    commit(store, n, { a: 'x'.repeat(100 * n), b: '' })
    await store.flush()
  }
  await store.close()

  const log = await readLog(dir, 1 << 20, 1 << 22)

  for (const segment of log.segments) await segment.close()
  assert.deepEqual([log.index.size, log.position?.next], [2, 3])
  assert.equal(log.live, 24 + 304 + 24, 'heads and keys, and the longest state')
})
