import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { claimPartitionDir, lockDir } from './lock.ts'

async function tempDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-lock-'))
  t.after(() => rm(dir, { recursive: true }))
  return dir
}

test('a folder is for one worker, until it is released', async (t) => {
  const dir = await tempDir(t)
  const unlock = await lockDir(dir)

  const second = lockDir(dir)

  // without /proc, a lock of this very process is taken for a predecessor's
  if (existsSync('/proc'))
    await assert.rejects(second, {
      code: 'STATE_LOCKED',
      message: `${dir} is in use by the worker with pid ${process.pid}`,
    })
  await unlock()
  await (
    await lockDir(dir)
  )()
})

test('the lock of a process that is gone is taken over, and of one that has its pid only', async (t) => {
  const dir = await tempDir(t)
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  const ofNobody = [`${child.pid} 1`, `${process.pid} 1`, 'no pid', '']

  for (const text of ofNobody) {
    await writeFile(join(dir, 'lock'), text)
    const unlock = await lockDir(dir)
    assert.match(await readFile(join(dir, 'lock'), 'utf8'), new RegExp(`^${process.pid} `))
    await unlock()
  }
})

test("a partition's folder is waited for; one that stays in use is left to its holder", async (t) => {
  const dir = await tempDir(t)
  if (!existsSync('/proc')) return t.skip('this process is taken for its own predecessor')
  const first = await claimPartitionDir(dir, 3)

  const waits = claimPartitionDir(dir, 3)
  const instead = await claimPartitionDir(dir, 3, 0)
  const other = await claimPartitionDir(dir, 4, 0)
  await delay(50)
  await mkdir(first.dir)
  await rm(first.dir, { recursive: true }) // as a state is removed: the lock is not in it
  await first.release()
  const second = await waits

  assert.equal(first.dir, join(dir, '3'))
  assert.equal(second.dir, join(dir, '3'))
  assert.equal(instead.dir, join(dir, '3.2'))
  assert.equal(other.dir, join(dir, '4'))
})
