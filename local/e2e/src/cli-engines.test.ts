import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ENGINES, type CuratedOrder } from '@order-up/schemas'
import { freePort } from '@order-up/stack/testing'
import { assertNothingLeft, runCli } from './cli-process.ts'
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
  'an engine that owns the orders is shown, goes on, and lets no other take its place',
  { timeout: 240_000 },
  async () => {
    const at = ['--data-dir', join(folder, 'data')]
    const ports = `--kafka-port ${await freePort()} --registry-port ${await freePort()} --http-port 0`
    const up = ['up', ...ports.split(' '), ...at]
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli([...args, ...at, '--json'], tmp)
      assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
      return JSON.parse(stdout) as Record<string, unknown>
    }
    try {
      await runCli([...up, '--detach', '--engine', 'kafka-streams', '--workers', '2'], tmp)
      const produced = await cli('produce', ...'--orders 100 --rate 0 --seed 7'.split(' '))
      assert.equal((await cli('verify'))['verdict'], 'PASS')
      const { workers, shares, figures, topics } = (await cli('status')) as unknown as Status
      assert.deepEqual(shares, { epoch: 1, shares: { 'kafka-streams-1': [[0, 99]] } })
      const engines = workers.filter(({ name }) => name.startsWith('kafka-streams-1.'))
      assert.deepEqual(
        engines.map(({ name, healthy }) => [name, healthy]),
        [
          ['kafka-streams-1.1', true],
          ['kafka-streams-1.2', true],
        ],
      )
      const { applied, duplicate, deadLetter } = figures
      assert.equal(applied! + duplicate! + deadLetter!, produced['total'])
      const readers = topics.filter(({ topic }) => topic === 'orders.events.raw')
      assert.deepEqual(new Set(readers.map(({ reader }) => reader)), new Set(['kafka-streams-1']))
      await cli('down')

      const refused = await runCli([...up, '--engine', 'node'], tmp)
      assert.equal(refused.code, 1)
      assert.match(
        refused.stderr,
        /belong to kafka-streams-1 \(epoch 1\): node-1 would write none of their rows\n.*--engine kafka-streams/,
      )
      assertNothingLeft(tmp)
    } finally {
      await runCli(['down', '--purge', ...at], tmp)
    }
  },
)

interface Status {
  workers: { name: string; healthy: boolean | null }[]
  shares: unknown
  figures: Record<'applied' | 'duplicate' | 'deadLetter', number | null>
  topics: { topic: string; reader: string | null }[]
}
