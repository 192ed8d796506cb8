import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { claimDataDir, purgeDataDir, readRun, type Run } from './data-dir.ts'

const run: Run = {
  pid: 4711,
  kafkaPort: 9092,
  registryPort: 8081,
  brokers: '127.0.0.1:9092',
  registryUrl: 'http://127.0.0.1:8081/apis/ccompat/v7',
  workers: [
    { name: 'broker', state: 'running', pid: 12, httpPort: null, restarts: 2, lastEnd: 'SIGKILL' },
  ],
  engines: [
    {
      deployment: 'node-1',
      artifact: 'a1b2',
      state: 'failed',
      workers: null,
      problem: 'exit code 3',
      log: '/logs/node-1.log',
    },
  ],
  wishes: '17-1790000000000',
}

describe('a data folder', () => {
  let parent: string
  let dataDir: string
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'order-up-data-'))
    dataDir = join(parent, 'data')
  })
  afterEach(() => rm(parent, { recursive: true }))

  /** Claims the folder in another process, which stays until it is killed. */
  async function claimElsewhere() {
    const code = `
      import { claimDataDir } from ${JSON.stringify(join(import.meta.dirname, 'data-dir.ts'))}
      const claim = await claimDataDir(${JSON.stringify(dataDir)})
      await claim.writeRun(${JSON.stringify(run)})
      console.log('claimed')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    return child
  }

  it('is used by one stack at a time, and says by which', async () => {
    const other = await claimElsewhere()
    try {
      await assert.rejects(claimDataDir(dataDir), {
        code: 'DATA_DIR_IN_USE',
        remedy: /--data-dir\b/,
        message: `A stack already runs on ${dataDir} (pid 4711)`,
      })
      await assert.rejects(purgeDataDir(dataDir), { code: 'DATA_DIR_IN_USE' })
      assert.deepEqual(await readRun(dataDir), run)
    } finally {
      other.kill('SIGKILL')
      await once(other, 'exit')
    }
  })

  it('is free again after kill -9, and then says that nothing runs', async () => {
    const other = await claimElsewhere()
    other.kill('SIGKILL')
    await once(other, 'exit')
    assert.equal(await readRun(dataDir), undefined)
    const claim = await claimDataDir(dataDir)
    await claim.release()
  })

  it('has no run while none is claimed', async () => {
    assert.equal(await readRun(dataDir), undefined)
    const claim = await claimDataDir(dataDir)
    await claim.writeRun(run)
    assert.deepEqual(await readRun(dataDir), run)
    await claim.release()
    assert.equal(await readRun(dataDir), undefined)
    await claim.writeRun(run) // a worker's last word may come late
    assert.deepEqual(await readdir(dataDir), ['lock', 'order-up-data.json'])
  })

  it('tells of a stack of an older version, which had one engine and did not name it', async () => {
    const { engines: _, wishes: __, ...older } = run
    const claim = await claimDataDir(dataDir)
    await claim.writeRun(older as Run)
    assert.deepEqual(await readRun(dataDir), { ...older, engines: [], wishes: null })
    await claim.release()
  })

  it('is purged whole; a folder that is not ours is not touched, nor taken', async () => {
    const claim = await claimDataDir(dataDir)
    await claim.release()
    await writeFile(join(dataDir, 'warehouse.duckdb'), '')
    await purgeDataDir(dataDir)
    assert.deepEqual(await readdir(parent), [])
    await purgeDataDir(dataDir) // nothing there: nothing to do

    await writeFile(join(parent, 'thesis.txt'), '')
    await assert.rejects(purgeDataDir(parent), { code: 'NOT_A_DATA_DIR' })
    await assert.rejects(claimDataDir(parent), { code: 'NOT_A_DATA_DIR' })
    assert.deepEqual(await readdir(parent), ['thesis.txt'])
  })
})
