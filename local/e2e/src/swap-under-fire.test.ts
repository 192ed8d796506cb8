import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { KafkaConfig, createKafka, parseConfig, silentLog } from '@order-up/kit'
import { createRandom, type Random } from '@order-up/producer'
import { readRun, type Run } from '@order-up/stack'
import { freePort } from '@order-up/stack/testing'
import { startCanaries, type Canaries, type Canary } from './canaries.ts'
import { assertNothingLeft, runCli, startCli, type CliProcess } from './cli-process.ts'
import { Nemesis, type Outage } from './nemesis.ts'

/**
 * The promise of the swap, kept under load and under fire, by the command as a user types it: node → flink → node →
 * kafka-streams while 5,000 events a second come in, one process killed in each stage, and the second of the three a
 * failover, since its incumbent is killed for good. What is not shown here: brokers that fail, and more than one machine.
 */

const EVENTS_PER_SECOND = 5_000
/** What the warehouse may be behind in quiet, and the longest commit interval of the engines here (Flink's). */
const FRESH_MS = 10_000 + 1_000
/** A kill comes at any moment within this time after there is something to kill. */
const KILL_WITHIN_MS = 3_000
const ARRIVE_MS = 60_000

/** At once, so that it is seen also where the test never ends. */
const say = (line: string) => console.error(`under fire: ${line}`)

/** Who may be killed beside the workers. */
const COMMAND = 'the command'
const COMPARER = 'parity'
/** What the command says on stderr once it begins, and when a step is done: then it is killed. */
const BEGUN = /→/
const STEPS = [/✔ overlap/, /✔ gate/, /✔ release/]

let folder: string
/** where the commands' temporary files go */
let tmp: string
let dataDir: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-up-e2e-'))
  tmp = join(folder, 'tmp')
  mkdirSync(tmp)
  dataDir = join(folder, 'data')
})
after(async () => {
  await runCli(['down', '--purge', '--data-dir', dataDir], tmp)
  await rm(folder, { recursive: true, force: true })
})

test(
  'node → flink → node → kafka-streams under load, with kill -9 in each stage',
  {
    timeout: 900_000,
  },
  async () => {
    const seed = Number(process.env['SWAP_SEED'] ?? randomInt(2 ** 31))
    say(`SWAP_SEED=${seed} does the same again`)
    await cli('up', '--detach', '--engine', 'node', ...(await ports()))
    await using stack = await watched(createRandom(seed))
    const { load, canaries, stage, nemesis } = stack

    await stage({
      name: 'flink in shadow',
      writers: ['node-1'],
      victims: ['node-1', 'flink-1', COMPARER],
      act: (strike) => shadowed('flink', strike),
    })
    await stage({
      name: 'swap to flink',
      writers: ['node-1', 'flink-1'],
      victims: ['node-1', 'flink-1', COMPARER, COMMAND],
      act: (strike) => swapped(['swap', '--to', 'flink'], 'flink-1', strike),
    })
    await stage({
      name: 'failover to node',
      writers: ['flink-1'],
      victims: [COMMAND],
      async act(strike) {
        const { from, gone } = await nemesis.killForGood('flink-1')
        await Promise.all([swapped(['failover', '--to', 'node'], 'node-1', strike), gone])
        stack.missed.push({ who: 'flink-1, for good', from, to: Date.now() })
      },
    })
    await stage({
      name: 'kafka-streams in shadow',
      writers: ['node-1'],
      victims: ['node-1', 'kafka-streams-1', COMPARER],
      act: (strike) => shadowed('kafka-streams', strike),
    })
    await stage({
      name: 'swap to kafka-streams',
      writers: ['node-1', 'kafka-streams-1'],
      victims: ['node-1', 'kafka-streams-1', COMPARER, COMMAND],
      act: (strike) => swapped(['swap', '--to', 'kafka-streams'], 'kafka-streams-1', strike),
    })
    await cli('retire', 'node')
    await stack.assertUntouched()

    const sent = await ended(load)
    const seen = await canaries.stop(ARRIVE_MS)
    assertFresh(seen, stack.missed)
    const { verdict, counts } = (await cli('verify')) as unknown as Verified
    say(JSON.stringify(counts))
    assert.equal(verdict, 'PASS')
    assert.deepEqual(
      {
        raw: counts.raw,
        applied: counts.applied,
        duplicate: counts.duplicate,
        deadLetter: counts.deadLetter,
        later: counts.later,
      },
      {
        raw: sent.total + seen.length,
        applied: sent.event + sent.late + seen.length,
        duplicate: sent.duplicate,
        deadLetter: sent.malformed,
        later: 0,
      },
    )
    assert.equal(counts.warehouse, counts.orders)
    assert.ok(counts.curatedAgain > 0, 'two engines never wrote at once: nothing was shown')
    await assertStatus(counts)

    await cli('down', '--purge')
    assert.equal(existsSync(dataDir), false)
    assertNothingLeft(tmp)
  },
)

/** @returns what it answers @throws where it fails */
async function cli(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runCli([...args, '--data-dir', dataDir, '--json'], tmp)
  assert.equal(code, 0, `order-up ${args.join(' ')}: ${stdout}${stderr}`)
  return JSON.parse(stdout) as Record<string, unknown>
}

const start = (...args: string[]) => startCli([...args, '--data-dir', dataDir, '--json'], tmp)

async function ports(): Promise<string[]> {
  const [kafka, registry] = [await freePort(), await freePort()]
  return `--kafka-port ${kafka} --registry-port ${registry} --http-port 0`.split(' ')
}

/** Kills one of those that may be, and waits until it is back. @param command what carries the swap, where one does */
type Strike = (command?: CliProcess) => Promise<void>

async function shadowed(engine: string, strike: Strike): Promise<void> {
  await cli('shadow', 'start', engine)
  const [{ verdict }] = await Promise.all([cli('shadow', 'report', '--wait'), strike()])
  assert.equal(verdict, 'PASS')
}

/** Carries a swap to its end; where the command is killed, by running it again. */
async function swapped(args: string[], to: string, strike: Strike): Promise<void> {
  const command = start(...args)
  await command.says(BEGUN)
  const [{ code, stdout, stderr }] = await Promise.all([command.ended, strike(command)])
  assert.ok(code === 0 || code === null, `order-up ${args.join(' ')}: ${stderr}`)
  const { shares } = code === null ? await cli(...args) : (JSON.parse(stdout) as { shares: object })
  assert.deepEqual(shares, { [to]: [[0, 99]] })
}

interface Stage {
  name: string
  /** who writes to curated in it: while one of these is away, its rows are late */
  writers: readonly string[]
  /** one of these is killed in it */
  victims: readonly string[]
  act: (strike: Strike) => Promise<void>
}

/** The stack with load on it, and everything that watches it. */
async function watched(random: Random) {
  await using cleanup = new AsyncDisposableStack()
  const run = await running()
  const config = parseConfig(KafkaConfig, {
    KAFKA_BROKERS: run.brokers,
    SCHEMA_REGISTRY_URL: run.registryUrl,
  })
  const admin = createKafka(config, 'e2e', silentLog()).admin()
  await admin.connect()
  cleanup.defer(() => admin.disconnect())
  const load = startLoad(random)
  cleanup.defer(() => load.kill('SIGKILL'))
  const canaries: Canaries = startCanaries(random, {
    ingestPort: workerOf(run, 'ingest').httpPort!,
    querySocket: join(dataDir, 'warehouse.sock'),
  })
  const nemesis = new Nemesis(dataDir, admin)
  const edges = edgesOf(run)
  const missed: Outage[] = []

  async function assertUntouched() {
    const now = await running()
    assert.deepEqual(edgesOf(now), edges)
    // no engine was started again but those that were killed: a change of share restarts nobody
    for (const { name, restarts } of now.workers) assert.ok(restarts <= nemesis.kills(name), name)
  }

  /** @returns what there is to say of it */
  async function killOneOf({ victims, writers }: Stage, command?: CliProcess): Promise<string> {
    const victim = random.pick(victims)
    if (victim === COMMAND && command) {
      const moment = random.pick([BEGUN, ...STEPS])
      await command.says(moment)
      command.kill('SIGKILL')
      return `killed the command at ${moment}`
    }
    await delay(random.below(KILL_WITHIN_MS))
    const isMissed = writers.includes(victim)
    const outage = await nemesis.kill(victim, isMissed)
    if (isMissed) missed.push(outage)
    return `killed ${victim}, back after ${seconds(outage.to - outage.from)}`
  }

  async function stage(one: Stage): Promise<void> {
    const began = Date.now()
    let killed = ''
    await one.act(async (command) => void (killed = await killOneOf(one, command)))
    await assertUntouched()
    say(`${one.name}: ${seconds(Date.now() - began)}, ${killed}`)
  }

  const owned = cleanup.move()
  return {
    load,
    canaries,
    nemesis,
    missed,
    stage,
    assertUntouched,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`

function startLoad(random: Random): CliProcess {
  const shares = '--duplicates 0.03 --late 0.05 --malformed 0.01'.split(' ')
  const seed = String(random.below(2 ** 31))
  return start('produce', '--rate', String(EVENTS_PER_SECOND), '--seed', seed, ...shares)
}

interface Sent {
  total: number
  event: number
  late: number
  duplicate: number
  malformed: number
}

/** Ends the load. @returns what raw has got of it */
async function ended(load: CliProcess): Promise<Sent> {
  load.kill('SIGINT')
  const { code, stdout, stderr } = await load.ended
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Sent
}

async function running(): Promise<Run> {
  const run = await readRun(dataDir)
  assert.ok(run, 'the stack does not run')
  return run
}

function workerOf({ workers }: Run, name: string) {
  const worker = workers.find((one) => one.name === name)
  assert.ok(worker, `there is no ${name}`)
  return worker
}

/** What no swap may touch: which processes producer and sink are, and all that configures them. */
const edgesOf = (run: Run) =>
  ['ingest', 'sink'].map((name) => {
    const { pid } = workerOf(run, name)
    const read = (what: string) => readFileSync(`/proc/${pid}/${what}`, 'utf8')
    return { name, pid, environ: read('environ'), cmdline: read('cmdline') }
  })

/** How late each may be: as in quiet, and by the outages that fell into its way. */
function assertFresh(seen: readonly Canary[], missed: readonly Outage[]): void {
  const allowedMs = ({ sentAt, tookMs }: Canary) =>
    missed
      .filter(({ from, to }) => from < sentAt + tookMs && to > sentAt)
      .reduce((sum, { from, to }) => sum + to - from, FRESH_MS)
  const took = seen.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)
  const quantile = (q: number) => seconds(took[Math.ceil(q * took.length) - 1]!)
  say(
    `order to warehouse, ${seen.length} orders: p50 ${quantile(0.5)}, p99 ${quantile(0.99)}, worst ${quantile(1)}`,
  )
  for (const { who, from, to } of missed) say(`${who} was away for ${seconds(to - from)}`)
  const late = seen.filter((canary) => canary.tookMs > allowedMs(canary))
  assert.deepEqual(late, [])
}

interface Verified {
  verdict: string
  counts: Record<
    | 'raw'
    | 'later'
    | 'applied'
    | 'duplicate'
    | 'deadLetter'
    | 'curated'
    | 'curatedAgain'
    | 'curatedFilled'
    | 'orders'
    | 'warehouse',
    number
  >
}

/** What the status shows at the end is what verify has counted. */
async function assertStatus(counts: Verified['counts']): Promise<void> {
  const { shares, figures } = (await cli('status')) as unknown as {
    shares: { shares: object }
    figures: { rows: number; engineLag: number; sinkLag: number }
  }
  assert.deepEqual(shares.shares, { 'kafka-streams-1': [[0, 99]] })
  assert.equal(figures.rows, counts.warehouse)
}
