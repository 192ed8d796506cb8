import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { freePort } from '@order-up/stack/testing'
import type { CuratedOrder } from '@order-up/schemas'
import { assertNothingLeft, runCli, startCli } from './cli-process.ts'
import { assertOlistRows } from './olist-truth.ts'

const OLIST = resolve(import.meta.dirname, '../../../../shared/data/olist')

let folder: string
/** where the command's temporary files go */
let tmp: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-up-e2e-'))
  tmp = join(folder, 'tmp')
  mkdirSync(tmp)
})
after(() => rm(folder, { recursive: true, force: true }))

test(
  'start --replay --once: the whole pipeline on real orders, to a file that the CSV files bear out row by row',
  { skip: existsSync(OLIST) ? false : 'the Olist files are not there', timeout: 180_000 },
  async () => {
    const out = join(folder, 'rows.jsonl')
    const { code, stdout, stderr } = await runCli(
      ['start', '--replay', OLIST, '--once', '--out', out, '--json'],
      tmp,
    )
    assert.equal(code, 0, stderr)
    const { verdict, rows: count } = JSON.parse(stdout) as { verdict: string; rows: number }
    assert.equal(verdict, 'PASS')

    assert.equal(count, assertOlistRows(out, OLIST).length)
    assertNothingLeft(tmp)
  },
)

test(
  'up, produce, verify, down; then a warehouse with planted faults, which verify finds; then Ctrl-C',
  { timeout: 300_000 },
  async () => {
    const data = join(folder, 'data')
    const at = ['--data-dir', data]
    const [kafka, registry] = [await freePort(), await freePort()]
    const ports = `--kafka-port ${kafka} --registry-port ${registry} --http-port 0`.split(' ')
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli([...args, ...at, '--json'], tmp)
      assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
      return JSON.parse(stdout) as Record<string, unknown>
    }
    try {
      await cli('up', '--detach', ...ports)
      const produced = await cli(
        'produce',
        ...'--orders 300 --rate 0 --seed 7 --duplicates 0.1 --late 0.2 --malformed 0.05'.split(' '),
      )
      const { counts, verdict } = (await cli('verify')) as unknown as Verdict
      assert.equal(verdict, 'PASS')
      const { total, event, late, duplicate, malformed } = produced as Record<string, number>
      assert.ok(late! > 0 && duplicate! > 0 && malformed! > 0)
      const { raw, applied, orders, warehouse } = counts
      assert.deepEqual(
        { raw, applied, duplicate: counts.duplicate, deadLetter: counts.deadLetter },
        { raw: total, applied: event! + late!, duplicate, deadLetter: malformed },
      )
      assert.deepEqual({ orders, warehouse }, { orders: 300, warehouse: 300 })

      await tryTheOthers(cli, malformed!)
      await cli('down')
      assertNothingLeft(tmp)

      const corrupted = await corrupt(join(data, 'warehouse.duckdb'))
      const start = startCli(['start', '--rate', '20', ...ports, ...at], tmp)
      await start.says(/The first order is in the warehouse/)
      const again = await runCli(['verify', ...at, '--json'], tmp)
      assert.equal(again.code, 3, again.stderr)
      const second = JSON.parse(again.stdout) as Verdict
      assert.equal(second.verdict, 'NOT VERIFIED')
      assert.ok(second.counts.raw > total!) // it went on where it had stopped
      const found = second.problems.find(({ check }) => check === 'warehouse')
      assert.deepEqual(found?.examples.map(({ order_id }) => order_id).toSorted(), corrupted)

      start.kill('SIGINT')
      assert.equal((await start.ended).code, 0)
      assertNothingLeft(tmp)
    } finally {
      await runCli(['down', '--purge', ...at], tmp)
    }
    assert.equal(existsSync(data), false)
  },
)

interface Verdict {
  verdict: string
  counts: Record<'raw' | 'applied' | 'duplicate' | 'deadLetter' | 'orders' | 'warehouse', number>
  problems: { check: string; examples: { order_id: string }[] }[]
}

type Cli = (...args: string[]) => Promise<Record<string, unknown>>

async function tryTheOthers(cli: Cli, malformed: number) {
  const status = (await cli('status')) as { workers: { name: string; healthy: boolean | null }[] }
  const healthOf = Object.fromEntries(status.workers.map(({ name, healthy }) => [name, healthy]))
  assert.deepEqual(healthOf, {
    broker: null,
    registry: null,
    sink: true,
    'node-1': true,
    ingest: true,
  })
  const examined = (await cli('doctor')) as unknown as { ok: boolean | null }[]
  assert.equal(
    examined.every(({ ok }) => ok),
    true,
  )

  const asked = await cli('query', 'SELECT ORDER_ID, VERSION FROM ORDERS WHERE VERSION > 1 LIMIT 1')
  const [[id, version]] = asked['rows'] as [[string, number]]
  const life = (await cli('order', id)) as {
    events: { outcome: string; row: CuratedOrder | null; curated: unknown[] }[]
    warehouse: Record<string, unknown>
  }
  const rows = life.events.filter(({ outcome }) => outcome === 'applied')
  assert.equal(rows.length, version)
  assert.equal(
    rows.every(({ curated }) => curated.length === 1),
    true,
  )
  const last = rows.at(-1)!.row!
  assert.equal(life.warehouse['last_event_id'], last.last_event_id)

  const letters = (await cli('dlq', 'list', '--count', '1')) as {
    total: number
    newest: { id: string; reason: string }[]
  }
  assert.equal(letters.total, malformed)
  const [newest] = letters.newest
  const shown = await cli('dlq', 'show', newest!.id)
  assert.equal(shown['reason'], newest!.reason)
}

/** Alters, deletes and adds a row behind the sink's back. @returns the orders that it did this to */
async function corrupt(path: string): Promise<string[]> {
  const instance = await DuckDBInstance.create(path)
  const db = await instance.connect()
  const read = await db.runAndReadAll('SELECT ORDER_ID FROM ORDERS ORDER BY ORDER_ID LIMIT 2')
  const [altered, deleted] = (read.getRowsJS() as string[][]).map(([id]) => id)
  await db.run(`UPDATE ORDERS SET PAID_AMOUNT = PAID_AMOUNT + 1 WHERE ORDER_ID = '${altered}'`)
  await db.run(
    `INSERT INTO ORDERS SELECT 'never-was' AS ORDER_ID, * EXCLUDE (ORDER_ID) FROM ORDERS WHERE ORDER_ID = '${deleted}'`,
  )
  await db.run(`DELETE FROM ORDERS WHERE ORDER_ID = '${deleted}'`)
  db.closeSync()
  instance.closeSync()
  return [altered!, deleted!, 'never-was'].toSorted()
}
