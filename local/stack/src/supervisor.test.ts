import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { TerminalError } from '@order-up/kit'
import { createSupervisor, type Supervisor, type WorkerStatus } from './supervisor.ts'
import { eventually, isAlive } from './wait.fixture.ts'

/** A worker as kit's runWorker makes them; what it does is its first argument. */
const WORKER = `
const [what, note] = process.argv.slice(2)
if (what === 'die') { console.error('the port is taken'); process.exit(3) }
if (what === 'deaf') process.on('SIGTERM', () => {})
else process.on('SIGTERM', () => { if (note) console.log('stopped', note); process.exit(0) })
process.send({ type: 'ready', httpPort: 1234 })
setInterval(() => {}, 1000)
`

const quick = { firstBackoffMs: 20, maxBackoffMs: 100, stopMs: 300 }

describe('the supervisor', () => {
  let folder: string
  let worker: string
  let supervisor: Supervisor

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'order-up-supervisor-'))
    worker = join(folder, 'worker.mjs')
    await writeFile(worker, WORKER)
    supervisor = createSupervisor({ logs: join(folder, 'logs'), env: process.env, timing: quick })
  })
  afterEach(async () => {
    await supervisor.stopAll()
    await rm(folder, { recursive: true })
  })

  const only = () => supervisor.status()[0]!

  it('has a worker run with the port that it announces', async () => {
    const status = await supervisor.start({ name: 'one', module: worker })
    assert.equal(status.state, 'running')
    assert.equal(status.httpPort, 1234)
    assert.ok(isAlive(status.pid!))
  })

  it('starts a worker again that was killed, and says so', async () => {
    const seen: string[] = []
    supervisor.onChange(() => seen.push(only().state))
    const first = await supervisor.start({ name: 'one', module: worker })
    process.kill(first.pid!, 'SIGKILL')
    await eventually(() => only().restarts === 1 && only().state === 'running')
    assert.notEqual(only().pid, first.pid)
    assert.equal(only().lastEnd, 'SIGKILL')
    assert.deepEqual(
      seen.filter((state, i) => state !== seen[i - 1]),
      ['starting', 'running', 'restarting', 'starting', 'running'].filter(Boolean),
    )
  })

  it('leaves alone what dies again and again at its start, and shows the end of its log', async () => {
    const start = supervisor.start({ name: 'one', module: worker, args: ['die'] })
    await assert.rejects(start, (error: unknown) => {
      assert.ok(error instanceof TerminalError)
      assert.equal(error.code, 'WORKER_FAILED')
      assert.match(error.message, /one does not start \(exit code 3\)/)
      assert.match(error.message, /\| the port is taken/)
      assert.match(error.remedy ?? '', /logs\/one\.log/)
      return true
    })
    assert.equal(only().state, 'failed')
    assert.equal(only().restarts, 3)
  })

  it('goes on trying while something that was started before it does not run', async () => {
    // Prepare: a base that gets ready only when told so
    const open = Promise.withResolvers<void>()
    void supervisor
      .start({ name: 'base', module: worker, ready: () => open.promise })
      .catch(() => {})
    await eventually(() => only().pid !== null)

    const start = supervisor.start({ name: 'one', module: worker, args: ['die'] })
    start.catch(() => {})
    const one = () => supervisor.status()[1]!
    await eventually(() => one().restarts > 5)
    open.resolve()
    await assert.rejects(start, { code: 'WORKER_FAILED' })
  })

  it('gives up a child that is not ready in time', async () => {
    const never = () => new Promise<void>(() => {})
    const start = supervisor.start({ name: 'one', module: worker, ready: never, readyMs: 100 })
    await assert.rejects(start, /one does not start \(not ready within 0.1 s\)/)
    assert.equal(only().pid, null)
  })

  it('names a command that does not exist', async () => {
    const start = supervisor.start({ name: 'one', command: '/nonexistent/java' })
    await assert.rejects(start, /ENOENT/)
  })

  it('stops in reverse order, and kills what does not listen', async () => {
    const pids: (number | null)[] = []
    const stopped: string[] = []
    for (const [name, what] of [
      ['first', 'well'],
      ['second', 'deaf'],
      ['third', 'well'],
    ] as const) {
      const status = await supervisor.start({ name, module: worker, args: [what, name] })
      pids.push(status.pid)
    }
    supervisor.onChange(() => {
      for (const { name, state } of supervisor.status())
        if (state === 'stopped' && !stopped.includes(name)) stopped.push(name)
    })
    await supervisor.stopAll()

    assert.deepEqual(stopped, ['third', 'second', 'first'])
    assert.deepEqual(supervisor.status().map(summary), [
      ['first', 'exit code 0', null],
      ['second', 'SIGKILL', null],
      ['third', 'exit code 0', null],
    ])
    assert.ok(!pids.some((pid) => isAlive(pid!)))
    assert.equal(await readFile(supervisor.logFile('third'), 'utf8'), 'stopped third\n')
    await assert.rejects(supervisor.start({ name: 'late', module: worker }), { code: 'STOPPED' })
  })

  it('starts a stopped worker again under its name, but no second one', async () => {
    await supervisor.start({ name: 'one', module: worker })
    await assert.rejects(supervisor.start({ name: 'one', module: worker }), { code: 'WORKER_RUNS' })
    await supervisor.stop('one')
    const status = await supervisor.start({ name: 'one', module: worker })
    assert.equal(status.state, 'running')
    assert.equal(supervisor.status().length, 1)
  })

  it('forgets what it is to remove: running, failed, or about to start', async () => {
    const running = await supervisor.start({ name: 'one', module: worker })
    const failing = supervisor.start({ name: 'two', module: worker, args: ['die'] })
    await assert.rejects(failing, { code: 'WORKER_FAILED' })
    const never = () => new Promise<void>(() => {})
    const starting = supervisor.start({ name: 'three', module: worker, ready: never })
    starting.catch(() => {}) // it is awaited below
    const left: number[] = []
    supervisor.onChange(() => left.push(supervisor.status().length))

    await Promise.all(['one', 'two', 'three', 'nobody'].map((name) => supervisor.remove(name)))
    assert.deepEqual(supervisor.status(), [])
    assert.equal(left.at(-1), 0)
    assert.equal(isAlive(running.pid!), false)
    await assert.rejects(starting, { code: 'STOPPED' })
    assert.equal((await supervisor.start({ name: 'one', module: worker })).state, 'running')
  })
})

const summary = ({ name, lastEnd, pid }: WorkerStatus) => [name, lastEnd, pid]
