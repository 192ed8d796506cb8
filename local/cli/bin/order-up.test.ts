import assert from 'node:assert/strict'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'

const REPOSITORY = join(import.meta.dirname, '../../..')
const DEADLINE_MS = 20_000

/** Stands in for the command: says what it got, and runs until it is told to stop. */
const MAIN = `
process.on('SIGINT', () => { console.log('got SIGINT'); setTimeout(() => process.exit(7), 1500) })
console.log('main ' + process.pid + ' ' + process.argv.slice(2).join(' '))
if (process.argv[2] === 'exit') process.exitCode = Number(process.argv[3])
else setInterval(() => {}, 1000)
`

// What this does not prove: that the real package-lock.json can be installed, which needs the registry.
describe('the launcher in a fresh clone', () => {
  let clone: string

  before(async () => {
    clone = await mkdtemp(join(tmpdir(), 'order-up-launcher-'))
    await cp(join(REPOSITORY, 'local/cli/bin'), join(clone, 'local/cli/bin'), { recursive: true })
    await mkdir(join(clone, 'local/stack/src'), { recursive: true })
    const leash = 'local/stack/src/leash.cjs'
    await cp(join(REPOSITORY, leash), join(clone, leash))
    await mkdir(join(clone, 'local/cli/src'))
    await writeFile(join(clone, 'local/cli/src/main.ts'), MAIN)
  })
  beforeEach(async () => {
    await rm(join(clone, 'node_modules'), { recursive: true, force: true })
    await writePackages({})
  })
  after(() => rm(clone, { recursive: true }))

  /** A project of one workspace, which needs no network. @param more entries of the lock file */
  async function writePackages(more: object) {
    const root = { name: 'fixture', version: '1.0.0', workspaces: ['part'] }
    const part = { name: 'part', version: '1.0.0' }
    await mkdir(join(clone, 'part'), { recursive: true })
    await writeJson('part/package.json', part)
    await writeJson('package.json', { ...root, scripts: { five: 'exit 5', echo: 'echo' } })
    const packages = {
      '': root,
      'node_modules/part': { resolved: 'part', link: true },
      part,
      ...more,
    }
    await writeJson('package-lock.json', { lockfileVersion: 3, requires: true, packages })
  }

  const writeJson = (path: string, value: unknown) =>
    writeFile(join(clone, path), JSON.stringify(value))

  const start = (...args: string[]) =>
    spawn(process.execPath, [join(clone, 'local/cli/bin/order-up.mjs'), ...args], {
      cwd: tmpdir(),
      env: {
        ...process.env,
        // nothing listens there, so that a test that needs the network fails
        npm_config_registry: 'http://127.0.0.1:9/',
        npm_config_fetch_retries: '0',
      },
    })

  it('installs once, and passes arguments and the exit code through', async () => {
    const first = await finish(start('exit', '3'))
    assert.equal(first.code, 3)
    assert.match(first.stdout, /^main \d+ exit 3$/m)
    assert.match(first.stderr, /installing what package-lock\.json lists/)

    const second = await finish(start('exit', '0'))
    assert.deepEqual([second.code, second.stderr], [0, ''])
  })

  it('installs again when the lock file has changed', async () => {
    await finish(start('exit', '0'))
    await writePackages({ 'node_modules/part/node_modules/absent': { version: '1.0.0' } })
    const again = await finish(start('exit', '0'))
    assert.match(again.stderr, /installing what/)
  })

  it('believes an install by hand that fits the lock file', async () => {
    await finish(start('exit', '0'))
    await rm(join(clone, 'node_modules/.order-up-installed'))
    const again = await finish(start('exit', '0'))
    assert.deepEqual([again.code, again.stderr], [0, ''])
  })

  it('lets one of two install and the other wait', async () => {
    const both = await Promise.all([finish(start('exit', '0')), finish(start('exit', '0'))])
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    )
    const installs = both.filter(({ stderr }) => stderr.includes('installing what'))
    assert.equal(installs.length, 1, both.map(({ stderr }) => stderr).join('\n'))
  })

  it('says why npm ci failed and what to do', async () => {
    const root = { name: 'fixture', version: '1.0.0', dependencies: { absent: '1.0.0' } }
    await writeJson('package.json', root)
    const packages = { '': root, 'node_modules/absent': { version: '1.0.0' } }
    await writeJson('package-lock.json', { lockfileVersion: 3, requires: true, packages })
    const { code, stderr } = await finish(start('exit', '0'))
    assert.equal(code, 1)
    assert.match(stderr, /npm ci failed: the npm registry can't be reached \(ECONNREFUSED\)/)
    assert.match(stderr, /Next: check the network/)
  })

  it('runs an npm script', async () => {
    const { code } = await finish(start('run', 'five'))
    assert.equal(code, 5)
  })

  it('passes options to the script, also those that npm has itself', async () => {
    const { stdout } = await finish(start('run', 'echo', '--dry-run', '--json'))
    assert.equal(stdout, '--dry-run --json\n')
  })

  it('passes one Ctrl-C on once, however often npm repeats it, and waits for the end', async () => {
    const launcher = start('stay')
    await mainPid(launcher)
    launcher.kill('SIGINT')
    launcher.kill('SIGINT')
    const { code, stdout } = await finish(launcher)
    assert.equal(code, 7)
    assert.equal(stdout.match(/got SIGINT/g)?.length, 1)
  })

  // `kill -9` of npm left the whole stack running: dash, which npm runs scripts in, stays between npm and the launcher,
  // whose parent therefore never changed
  it('stops the command when npm is killed with -9, though a shell lies between', async () => {
    const launcher = join(clone, 'local/cli/bin/order-up.mjs')
    const script = `'${process.execPath}' '${launcher}' stay; exit`
    const parent = `require('child_process').spawn('sh', ['-c', process.argv[1]], { stdio: 'inherit' })`
    const npm = spawn(process.execPath, ['-e', parent, script], {
      detached: true, // so that what it leaves can be ended
      env: { ...process.env, npm_lifecycle_event: 'start' },
    })
    try {
      const pid = await mainPid(npm)
      npm.kill('SIGKILL')
      await gone(pid)
    } finally {
      killGroup(npm.pid!)
    }
  })

  it('takes the command with it when it is killed with -9', async () => {
    const launcher = start('stay')
    const pid = await mainPid(launcher)
    launcher.kill('SIGKILL')
    await gone(pid)
  })
})

type Launcher = ChildProcessWithoutNullStreams

async function finish(launcher: Launcher) {
  const [stdout, stderr, [code]] = await Promise.all([
    text(launcher.stdout),
    text(launcher.stderr),
    once(launcher, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) }),
  ])
  return { code: code as number | null, stdout, stderr }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const chunk of stream) all += String(chunk)
  return all
}

/** Waits for the command's first line. */
async function mainPid(launcher: Launcher): Promise<number> {
  const signal = AbortSignal.timeout(DEADLINE_MS)
  for (;;) {
    const [chunk] = (await once(launcher.stdout, 'data', { signal })) as [Buffer]
    const pid = /^main (\d+)/m.exec(chunk.toString())?.[1]
    if (pid) return Number(pid)
  }
}

async function gone(pid: number): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  while (isAlive(pid)) {
    assert.ok(Date.now() < deadline, `process ${pid} is still there`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // all of it has ended
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
