import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { until } from '@order-up/kit'
import { ENGINES, type CuratedOrder } from '@order-up/schemas'
import { readRun } from '@order-up/stack'
import { freePort } from '@order-up/stack/testing'
import { assertNothingLeft, processesUnder, runCli } from './cli-process.ts'
import { writeOlistFiles } from './olist-files.fixture.ts'
import { assertOlistRows } from './olist-truth.ts'

/** That each engine keeps the contract is the conformance kit's to say: here it is that a word chooses one. */
const ORDERS = 300

let folder: string
/** where the command's temporary files go */
let tmp: string
let olist: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-up-e2e-'))
  tmp = join(folder, 'tmp')
  mkdirSync(tmp)
  olist = join(folder, 'olist')
  await writeOlistFiles(olist, ORDERS, 20260101)
})
after(() => rm(folder, { recursive: true, force: true }))

type Line = CuratedOrder & { engine: string; raw_partition: number; raw_offset: number }

/** Where the raw record of each row lay: of a replay it is the same whoever reads it. */
let places: string | undefined

for (const engine of ENGINES)
  test(
    `start --replay --once --engine ${engine}: the rows that the files bear out`,
    { timeout: 480_000 }, // the first time, what it is built with is downloaded
    async () => {
      const out = join(folder, `${engine}.jsonl`)
      const { code, stdout, stderr } = await runCli(
        ['start', '--replay', olist, '--once', '--out', out, '--json', '--engine', engine],
        tmp,
      )
      assert.equal(code, 0, stderr)
      assert.equal((JSON.parse(stdout) as { verdict: string }).verdict, 'PASS')
      const rows = assertOlistRows<Line>(out, olist)
      for (const row of rows) assert.equal(row.engine, `${engine}-1`)
      const here = rows.map((row) => `${row.raw_partition}-${row.raw_offset}`).join(' ')
      assert.equal(here, (places ??= here))
      assertNothingLeft(tmp)
    },
  )

test(
  'a second engine and the comparer come and go by engines.json, beside an owner that goes on and lets no other take its place',
  { timeout: 480_000 },
  async () => {
    const data = join(folder, 'data')
    const at = ['--data-dir', data]
    const ports = `--kafka-port ${await freePort()} --registry-port ${await freePort()} --http-port 0`
    const up = ['up', ...ports.split(' '), ...at]
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli([...args, ...at, '--json'], tmp)
      assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
      return JSON.parse(stdout) as Record<string, unknown>
    }
    const status = async () => (await cli('status')) as unknown as Status
    /** A status that is so: what is counted and judged comes a moment after what it is about. */
    const untilStatus = async (isSo: (seen: Status) => boolean) => {
      for (;;) {
        const seen = await status()
        if (isSo(seen)) return seen
      }
    }
    const wish = (...engines: object[]) =>
      writeFile(join(data, 'engines.json'), JSON.stringify({ engines }))
    /** Waits until just these workers run, as "node-1". @returns their pids */
    const untilRunning = async (...names: string[]) => {
      let found: [name: string, pid: number | null][] = []
      const areAll = () =>
        found.length === names.length &&
        found.every(([name, pid]) => names.includes(name) && pid !== null)
      const look = async () => {
        const { workers = [] } = (await readRun(data)) ?? {}
        found = workers.map(({ name, pid, state }) => [name, state === 'running' ? pid : null])
        return areAll()
      }
      await until(look, AbortSignal.timeout(90_000)).catch(() => {})
      assert.ok(areAll(), `${names.join(', ')} are to run: ${JSON.stringify(found)}`)
      return new Map(found)
    }
    const owner = { deployment: 'kafka-streams-1', workers: 2 }
    try {
      await runCli([...up, '--detach', '--engine', 'kafka-streams', '--workers', '2'], tmp)
      const produced = await cli('produce', ...'--orders 100 --rate 0 --seed 7'.split(' '))
      assert.equal((await cli('verify'))['verdict'], 'PASS')
      const { workers, shares, engines, topics, swap } = await untilStatus(
        ({ figures: { applied, duplicate, deadLetter } }) =>
          produced['total'] === applied! + duplicate! + deadLetter!,
      )
      assert.deepEqual(shares, { epoch: 1, shares: { 'kafka-streams-1': [[0, 99]] } })
      assert.equal(swap, null)
      assert.deepEqual(engines.map(summary), [['kafka-streams-1', 'running', 2, 100, 0]])
      const ofEngine = workers.filter(({ name }) => name.startsWith('kafka-streams-1.'))
      assert.deepEqual(
        ofEngine.map(({ name, healthy }) => [name, healthy]),
        [
          ['kafka-streams-1.1', true],
          ['kafka-streams-1.2', true],
        ],
      )
      const readers = topics.filter(({ topic }) => topic === 'orders.events.raw')
      assert.deepEqual(new Set(readers.map(({ reader }) => reader)), new Set(['kafka-streams-1']))

      const alone = workers.map(({ name }) => name)
      const before = await untilRunning(...alone)
      const processes = processesUnder(tmp).length

      // one that fails is left alone, with its reason, until it is asked for again
      await writeFile(join(data, 'state/node-1'), 'in the way of its state')
      await wish(owner, { deployment: 'node-1' })
      const engineOf = async (id: string) =>
        (await readRun(data))?.engines.find(({ deployment }) => deployment === id)
      const hasFailed = async () => (await engineOf('node-1'))?.state === 'failed'
      await until(hasFailed, AbortSignal.timeout(20_000))
      assert.match((await engineOf('node-1'))?.problem ?? '', /ENOTDIR/)
      assert.equal((await engineOf('kafka-streams-1'))?.state, 'running')
      await rm(join(data, 'state/node-1'))

      for (let round = 1; round <= 2; round++) {
        await wish(owner, { deployment: 'node-1' })
        const beside = await untilRunning(...alone, 'node-1', 'parity')
        for (const name of alone) assert.equal(beside.get(name), before.get(name), name)
        if (round === 2) break
        const both = await untilStatus((s) => s.verdict !== null && s.figures.engineLag === 0)
        assert.equal(both.verdict?.verdict, 'INCONCLUSIVE') // 100 orders are fewer than it asks for
        assert.deepEqual(both.engines.map(summary), [
          ['kafka-streams-1', 'running', 2, 100, 0],
          ['node-1', 'running', null, 0, 0],
        ])
        assert.equal(both.figures.accountedBy, 'kafka-streams-1')
        await wish(owner)
        assert.deepEqual(await untilRunning(...alone), before)
        assert.equal(processesUnder(tmp).length, processes)
      }
      process.kill((await status()).pid, 'SIGKILL')
      await until(
        () => Promise.resolve(processesUnder(tmp).length === 0),
        AbortSignal.timeout(20_000),
      )

      const refused = await runCli([...up, '--engine', 'node'], tmp)
      assert.equal(refused.code, 1)
      assert.match(
        refused.stderr,
        /belong to kafka-streams-1 \(epoch 1\): node-1 would write none of their rows\n.*shadow start node.*swap --to node/,
      )
      assertNothingLeft(tmp)
    } finally {
      await runCli(['down', '--purge', ...at], tmp)
    }
  },
)

const summary = ({ deployment, state, workers, owns, lag }: Status['engines'][number]) => [
  deployment,
  state,
  workers,
  owns,
  lag,
]

interface Status {
  pid: number
  workers: { name: string; healthy: boolean | null }[]
  shares: unknown
  swap: unknown
  engines: {
    deployment: string
    state: string
    workers: number | null
    owns: number
    lag: number | null
  }[]
  verdict: { verdict: string } | null
  figures: Record<'applied' | 'duplicate' | 'deadLetter' | 'engineLag', number | null> & {
    accountedBy: string | null
  }
  topics: { topic: string; reader: string | null }[]
}
