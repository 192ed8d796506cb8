import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ControlRecord } from '@order-up/control'
import { readEpoch } from '@order-up/control/operations'
import {
  createKafka,
  KafkaConfig,
  openFetcher,
  parseConfig,
  silentLog,
  type Fetcher,
} from '@order-up/kit'
import { SHARES_TOPIC } from '@order-up/schemas'
import { readRun, type Run } from '@order-up/stack'
import { freePort } from '@order-up/stack/testing'
import { assertNothingLeft, runCli, startCli, type CliProcess } from './cli-process.ts'
import { until } from './worker-process.ts'

// Not shown: engines of the JVM, and 5,000 events/s (swap-under-fire); the same commands on another Kafka.

let folder: string
/** where the command's temporary files go */
let tmp: string
let data: string
let at: string[]
const running: CliProcess[] = []
let fetcher: Fetcher

/** What a comparer has to see is little here: that it counts is its own tests' to say. */
const FLOORS = { FLOOR_ROWS: '200', FLOOR_ORDERS: '20' }

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-up-e2e-'))
  tmp = join(folder, 'tmp')
  mkdirSync(tmp)
  data = join(folder, 'data')
  at = ['--data-dir', data]
  const [kafka, registry] = [await freePort(), await freePort()]
  const ports = `--kafka-port ${kafka} --registry-port ${registry} --http-port 0`.split(' ')
  const up = await runCli(['up', '--detach', ...ports, ...at], tmp, FLOORS)
  assert.equal(up.code, 0, up.stderr)
  const config = parseConfig(KafkaConfig, {
    KAFKA_BROKERS: `127.0.0.1:${kafka}`,
    SCHEMA_REGISTRY_URL: (await run()).registryUrl,
  })
  fetcher = await openFetcher(createKafka(config, 'e2e', silentLog()))
  start('produce', '--rate', '150', '--duplicates', '0.05', '--late', '0.1', '--malformed', '0.02')
})

after(async () => {
  for (const { kill } of running) kill('SIGKILL')
  await fetcher?.close()
  await runCli(['down', '--purge', ...at], tmp)
  assertNothingLeft(tmp)
  await rm(folder, { recursive: true, force: true })
})

function start(...args: string[]): CliProcess {
  const cli = startCli([...args, ...at], tmp)
  running.push(cli)
  return cli
}

type Json = Record<string, unknown>

/** What the command answers in JSON, and its exit code. */
async function ask(...args: string[]): Promise<Json & { code: number | null; stderr: string }> {
  const { code, stdout, stderr } = await runCli([...args, '--json', ...at], tmp)
  assert.notEqual(stdout, '', `${args.join(' ')}: ${stderr}`)
  return { ...(JSON.parse(stdout) as Json), code, stderr }
}

async function done(...args: string[]): Promise<Json> {
  const answer = await ask(...args)
  assert.equal(answer.code, 0, `${args.join(' ')}: ${answer.stderr}`)
  return answer
}

async function refused(code: string, ...args: string[]): Promise<string> {
  const answer = await ask(...args)
  const { error } = answer as unknown as { error: { code: string; message: string; next?: string } }
  assert.deepEqual([answer.code, error?.code], [1, code], `${args.join(' ')}: ${answer.stderr}`)
  return `${error.message} | ${error.next}`
}

async function run(): Promise<Run> {
  const found = await readRun(data)
  assert.ok(found)
  return found
}

const record = async (): Promise<ControlRecord> => (await readEpoch(fetcher))!.record
const step = async () => (await record()).swap?.step

const pidOf = async (name: string) =>
  (await run()).workers.find((w) => w.name === name)?.pid ?? null

async function send(name: string, signal: NodeJS.Signals) {
  const pid = await pidOf(name)
  assert.ok(pid, `${name} runs`)
  process.kill(pid, signal)
}

/** Nothing of the worker moves while `use` runs. */
async function frozen(name: string, use: () => Promise<void>) {
  await send(name, 'SIGSTOP')
  try {
    await use()
  } finally {
    await send(name, 'SIGCONT')
  }
}

/** On two cores that do little else each test takes some seconds. */
const TIMEOUT_MS = 300_000

const STEPS = ['overlap', 'gate', 'release', 'settle']

test('dry runs say what would be, and write nothing', { timeout: TIMEOUT_MS }, async () => {
  const written = async () => [
    await fetcher.highWatermarks(SHARES_TOPIC),
    await readFile(join(data, 'engines.json'), 'utf8'),
  ]
  const before = await written()
  const commands = [
    ['shadow', 'start', 'node-2'],
    ['split', 'node-2=10'],
    ['swap', '--to', 'node-2'],
    ['swap', '--back'],
    ['retire', 'node-2'],
    ['failover', '--to', 'node-2'],
  ]
  const plans = await Promise.all(commands.map((words) => done(...words, '--dry-run')))
  for (const [i, plan] of plans.entries()) {
    const words = commands[i]!.join(' ')
    assert.equal(plan['dryRun'], true, words)
    assert.equal(plan['from'], 'node-1 100 %', words)
    for (const part of ['changes', 'stays', 'waitsFor', 'refused'])
      assert.ok(Array.isArray(plan[part]), `${words}: ${part}`)
    assert.equal(typeof plan['undo'], 'string', words)
  }
  const [shadow, split, swap] = plans
  assert.deepEqual(shadow!['refused'], [])
  assert.equal(split!['to'], 'node-1 90 %, node-2 10 %')
  assert.match(String(swap!['refused']), /node-2 does not run.*shadow start node-2 --data-dir/)
  assert.deepEqual(await written(), before)
})

test('a shadow, and its verdict', { timeout: TIMEOUT_MS }, async () => {
  const [alone, , noWay] = await Promise.all([
    refused('NO_SHADOW', 'shadow', 'report'),
    refused('NOT_RUNNING', 'swap', '--to', 'node-2'),
    refused('NO_WAY_BACK', 'swap', '--back'),
  ])
  assert.match(alone, /Only node-1 runs/)
  assert.match(noWay, /shadow start/)

  const started = await done('shadow', 'start', 'node-2')
  assert.equal(started['deployment'], 'node-2')
  assert.equal(started['report'], join(data, 'verdicts', 'node-1_node-2.json'))
  const [, two] = await Promise.all([
    refused('RUNS', 'shadow', 'start', 'node-2'),
    refused('TWO_RUN', 'shadow', 'start', 'flink'),
    refused('NEEDED', 'retire', 'node'),
  ])
  assert.match(two, /retire node-2/)

  // who reaches the same Kafka by its address alone does not know what runs there
  const { brokers, registryUrl } = await run()
  const elsewhere = await runCli(
    ['swap', '--to', 'node-2', '--brokers', brokers, '--registry', registryUrl, '--data-dir', tmp],
    tmp,
  )
  assert.equal(elsewhere.code, 1)
  assert.match(elsewhere.stderr, /no verdict can be asked for\n {2}Next: .*stack config.*--force/)

  const report = await done('shadow', 'report', '--wait')
  assert.equal(report['verdict'], 'PASS')
  assert.deepEqual(report['problems'], [])
})

test('split, then a cutover that asks for the verdict', { timeout: TIMEOUT_MS }, async () => {
  const { shares, steps, epoch } = await done('split', 'node-2=10')
  assert.deepEqual(shares, { 'node-1': [[10, 99]], 'node-2': [[0, 9]] })
  assert.deepEqual(
    (steps as { step: string }[]).map((s) => s.step),
    STEPS,
  )
  assert.deepEqual([epoch, (await record()).epoch], [3, 3])

  // while the comparer stands still there is only the verdict that it has left
  await frozen('parity', async () => {
    await rm(join(data, 'verdicts', 'node-1_node-2.json'))
    const why = await refused('NO_VERDICT', 'swap', '--to', 'node-2')
    assert.match(why, /there is no verdict on node-1 and node-2.*shadow report --wait/)
    const nothing = await runCli(['shadow', 'report', ...at], tmp)
    assert.equal(nothing.code, 3)
    assert.match(nothing.stdout, /There is no verdict yet/)
    assert.equal((await record()).epoch, 3)
  })
  await done('shadow', 'report', '--wait')
})

test('killed at each step, a swap goes on where it stands', { timeout: TIMEOUT_MS }, async (t) => {
  const untouched = async () => [await pidOf('ingest'), await pidOf('sink')]
  const before = await untouched()
  const stands: (string | undefined)[] = []
  const says = [/gets its buckets as well/, /✔ overlap/, /✔ gate/, /✔ release/]
  for (const [i, tick] of says.entries()) {
    const carrier = start('swap', '--to', 'node-2')
    await carrier.says(tick)
    carrier.kill('SIGKILL')
    const { stderr } = await carrier.ended
    if (i > 0)
      assert.match(
        stderr,
        /Goes on: a swap from node-1 90 %, node-2 10 % to node-2 100 % stands at/,
      )
    stands.push(await step())
  }
  t.diagnostic(`left at ${stands.join(', ')}`)
  assert.deepEqual(stands, STEPS)

  const { from, to, shares, filled, untouched: same } = await done('swap', '--to', 'node-2')
  assert.deepEqual(
    { from, to, shares },
    { from: 'node-1', to: 'node-2', shares: { 'node-2': [[0, 99]] } },
  )
  assert.equal(filled, 0)
  assert.deepEqual(same, { producer: true, sink: true })
  assert.deepEqual(await untouched(), before)
  assert.equal((await record()).previous, 'node-1')
})

test(
  'one carrier at a time; Ctrl-C says where it stands; taken back, and back',
  { timeout: TIMEOUT_MS },
  async () => {
    const { epoch } = await record()
    let carrier!: CliProcess
    await frozen('node-1', async () => {
      carrier = start('swap', '--back')
      await carrier.says(/gets its buckets as well/)
      assert.match(await refused('SWAP_CARRIED', 'swap', '--back'), /swap --back/)
      const other = await refused('SWAP_IN_PROGRESS', 'split', 'node-1=20')
      assert.match(other, /stands at overlap.*swap --to node --data-dir.*swap --back --data-dir/)
      carrier.kill('SIGINT')
      const { code, stderr } = await carrier.ended
      assert.equal(code, 1)
      assert.match(
        stderr,
        /Stopped: a swap .* stands at overlap.*go on with .*swap --to node .*swap --back/,
      )
    })
    const taken = await done('swap', '--back')
    assert.deepEqual([taken['shares'], taken['epoch']], [{ 'node-2': [[0, 99]] }, epoch + 2])

    const back = await done('swap', '--back')
    assert.deepEqual([back['shares'], back['verdict']], [{ 'node-1': [[0, 99]] }, null])
  },
)

test('retired, there is no way back', { timeout: TIMEOUT_MS }, async () => {
  const { retired, previous } = await done('retire', 'node-2')
  assert.deepEqual({ retired, previous }, { retired: 'node-2', previous: null })
  const { engines } = await run()
  assert.deepEqual(
    engines.map(({ deployment }) => deployment),
    ['node-1'],
  )
  assert.equal(await pidOf('node-2'), null)
  await until('the comparer to end', async () => (await pidOf('parity')) === null, 15_000)
  await Promise.all([
    refused('NO_WAY_BACK', 'swap', '--back'),
    refused('NOT_RUNNING', 'retire', 'node-2'),
  ])
})

test(
  'failover: from an owner that comes up again and again only to die',
  { timeout: TIMEOUT_MS },
  async () => {
    await done('shadow', 'start', 'node-2')
    assert.match(
      await refused('ALIVE', 'failover', '--to', 'node-2'),
      /node-1.* answers and is healthy/,
    )

    const over = new AbortController()
    const killing = keepKilling('node-1', over.signal)
    const failover = await done('failover', '--to', 'node-2').finally(() => over.abort())
    await killing

    const { shares, forced, from, to } = failover
    assert.deepEqual(
      { shares, forced, from, to },
      {
        shares: { 'node-2': [[0, 99]] },
        forced: 'failover: node-1 is dead',
        from: 'node-1',
        to: 'node-2',
      },
    )
    const { engines } = await run()
    assert.deepEqual(
      engines.map(({ deployment }) => deployment),
      ['node-2'],
    )
    await refused('NO_WAY_BACK', 'swap', '--back')
  },
)

/** Whatever pid it gets, until there is no such worker any more. */
async function keepKilling(name: string, signal: AbortSignal) {
  while (!signal.aborted) {
    const pid = await pidOf(name)
    if (pid !== null)
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // ended since
      }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('and the warehouse holds what raw asks for', { timeout: TIMEOUT_MS }, async () => {
  const producer = running[0]!
  producer.kill('SIGINT')
  await producer.ended
  assert.equal((await done('verify'))['verdict'], 'PASS')
})
