import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from './program.ts'
import { createProgress, EXIT } from './shell.ts'
import { testShell } from './shell.fixture.ts'

const COMMANDS = [
  'start',
  'up',
  'down',
  'status',
  'produce',
  'replay',
  'order',
  'query',
  'dlq list',
  'dlq show',
  'verify',
  'shadow start',
  'shadow report',
  'split',
  'swap',
  'retire',
  'failover',
  'conform',
  'doctor',
]

/** Those that change what runs, or who owns what. */
const CHANGES = ['shadow start', 'split', 'swap', 'retire', 'failover']

for (const command of CHANGES)
  test(`${command} has a dry run`, async () => {
    const shell = testShell()
    await run(shell, [...command.split(' '), '--help'])
    assert.match(shell.stdout, /--dry-run/)
  })

for (const command of COMMANDS)
  test(`${command}: --help is answered, on stdout, and tells of --json`, async () => {
    const shell = testShell()
    assert.equal(await run(shell, [...command.split(' '), '--help']), EXIT.done)
    assert.match(shell.stdout, /^Usage: order-up/)
    assert.match(shell.stdout, /--json/)
    assert.equal(shell.stderr, '')
  })

test('what was asked for wrongly is exit code 2, on stderr', async () => {
  const wrong = [
    ['nonsense'],
    ['verify', '--nonsense'],
    ['verify', '--timeout', 'soon'],
    ['order'],
    ['dlq', 'show', '12'],
    ['start', '--once'],
    ['start', '--once', '--replay', 'x'],
    ['start', '--out', 'x'],
    ['up', '--engine', 'spark'],
    ['start', '--engine', 'node-3'],
    ['up', '--kafka-port', '70000'],
    ['conform'],
    ['conform', '--engine', 'spark'],
    ['conform', '--engine', 'node', '--only', 'start,nonsense'],
    ['shadow', 'stop'],
    ['shadow', 'start'],
    ['shadow', 'start', 'spark'],
    ['split'],
    ['split', 'flink=60'],
    ['swap'],
    ['swap', '--to', 'flink', '--back'],
    ['swap', '--to', 'flink', '--force'],
    ['swap', '--back', '--force', '--reason', 'x'],
    ['retire', 'node-3'],
    ['failover'],
    ['failover', '--to', 'flink', '--reason', 'x'],
    ['produce', '--late', '2'],
    ['produce', '--duplicates', '0.6', '--malformed', '0.5'],
    [],
  ]
  for (const args of wrong) {
    const shell = testShell()
    assert.equal(await run(shell, args), EXIT.usage, args.join(' '))
    assert.notEqual(shell.stderr, '', args.join(' '))
    assert.equal(shell.stdout, '', args.join(' '))
  }
})

test('where nothing runs, every command that needs the stack says so, and what to do', async () => {
  const root = await mkdtemp(join(tmpdir(), 'order-up-test-'))
  try {
    for (const args of [
      ['status'],
      ['verify'],
      ['produce'],
      ['replay', root],
      ['order', 'x'],
      ['query', 'SELECT 1'],
      ['dlq', 'list'],
      ['dlq', 'show', '0-0'],
      ['shadow', 'start', 'flink'],
      ['shadow', 'report'],
      ['split', 'flink=10'],
      ['swap', '--to', 'flink'],
      ['swap', '--back'],
      ['retire', 'node'],
      ['failover', '--to', 'flink'],
    ]) {
      const shell = testShell({ root })
      assert.equal(await run(shell, args), EXIT.failed, args.join(' '))
      assert.match(
        shell.stderr,
        /No stack runs on .*\.order-up\n {2}Next: start one with `npm start`/,
      )
    }
  } finally {
    await rm(root, { recursive: true })
  }
})

test('with --json a refusal of the swap is an answer too', async () => {
  const shell = testShell()
  assert.equal(await run(shell, ['swap', '--to', 'flink', '--json']), EXIT.failed)
  assert.deepEqual(JSON.parse(shell.stdout), {
    error: {
      code: 'NOTHING_RUNS',
      message: 'No stack runs on /nonexistent/.order-up',
      next: 'start one with `npm start` (or `npm run order-up -- up` for one without a generator)',
    },
  })
})

test('a Kafka that does not answer is named', async () => {
  const shell = testShell({ env: { KAFKA_BROKERS: '127.0.0.1:9' } })
  assert.equal(await run(shell, ['status']), EXIT.failed)
  assert.match(shell.stderr, /Kafka at 127\.0\.0\.1:9 does not answer .*ECONNREFUSED/)
})

test('down is done where nothing runs', async () => {
  const shell = testShell()
  assert.equal(await run(shell, ['down', '--json']), EXIT.done)
  assert.deepEqual(JSON.parse(shell.stdout), { stopped: null, purged: false })
})

test('progress is one line that is written over on a terminal, and now and then a line elsewhere', () => {
  const terminal = testShell({ isTerminal: true })
  const live = createProgress(terminal)
  live.say('a')
  live.note('b')
  live.clear()
  assert.equal(terminal.stderr, '\r\u001b[2Ka\r\u001b[2Kb\n')

  const pipe = testShell()
  createProgress(pipe, 60_000).say('too soon')
  const lines = createProgress(pipe, 0)
  lines.say('a')
  lines.note('b')
  assert.equal(pipe.stderr, 'a\nb\n')
})
