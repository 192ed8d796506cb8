import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { EngineRun, Run } from '@order-up/stack'
import { claimDataDir, type Claim } from '@order-up/stack/testing'
import { readEngines, readWishes, untilEngines, writeEngines } from './engines-file.ts'
import { testShell } from './shell.fixture.ts'

let dataDir: string
let claim: Claim | undefined
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'order-up-engines-'))
  claim = undefined
})
afterEach(async () => {
  await claim?.release()
  await rm(dataDir, { recursive: true })
})

const file = () => join(dataDir, 'engines.json')

test('what is written is read, and each writing has a version of its own', async () => {
  assert.deepEqual(await readEngines(dataDir), [])
  assert.equal(await readWishes(dataDir), undefined)
  await writeEngines(dataDir, [{ deployment: 'node-1' }, { deployment: 'flink-1', workers: 2 }])
  assert.equal(
    await readFile(file(), 'utf8'),
    '{"engines":[{"deployment":"node-1"},{"deployment":"flink-1","workers":2}]}\n',
  )
  const first = await readWishes(dataDir)
  await writeEngines(dataDir, first!.engines)
  const second = await readWishes(dataDir)
  assert.deepEqual(second!.engines, [
    { deployment: 'node-1' },
    { deployment: 'flink-1', workers: 2 },
  ])
  assert.notEqual(second!.version, first!.version)
})

test('by hand, an engine is named as in every command', async () => {
  await writeFile(file(), '{"engines": [{"deployment": "flink"}]}')
  assert.deepEqual(await readEngines(dataDir), [{ deployment: 'flink-1' }])
})

for (const [text, why] of [
  ['{"engines":', /it is no JSON/],
  ['{"engines":[]}', /engines: /],
  ['{"engines":[{"deployment":"spark"}]}', /engines\.0\.deployment: one of node, /],
  ['{"engines":[{"deployment":"node-1","workers":0}]}', /engines\.0\.workers: /],
  ['{"engines":[{"deployment":"node"},{"deployment":"node-1"}]}', /a deployment is there twice/],
  [
    '{"engines":[{"deployment":"node"},{"deployment":"flink"},{"deployment":"kafka-streams"}]}',
    /engines: /,
  ],
] as const)
  test(`refused, with the file and the rule: ${text}`, async () => {
    await writeFile(file(), text)
    await assert.rejects(readEngines(dataDir), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ENGINES_FILE')
      assert.ok(error.message.includes(file()))
      assert.match(error.message, why)
      return true
    })
  })

test('what can’t run together is not written', async () => {
  await writeEngines(dataDir, [{ deployment: 'node-1' }])
  await assert.rejects(writeEngines(dataDir, []), { code: 'ENGINES_FILE' })
  assert.deepEqual(await readEngines(dataDir), [{ deployment: 'node-1' }])
})

const engine = (
  deployment: EngineRun['deployment'],
  state: EngineRun['state'],
  given: Partial<EngineRun> = {},
): EngineRun => ({
  deployment,
  artifact: 'a1',
  state,
  workers: null,
  problem: null,
  log: null,
  ...given,
})

/** What a stack that runs there says of its engines. */
async function say(version: string, engines: EngineRun[]): Promise<void> {
  claim ??= await claimDataDir(dataDir)
  const run: Run = {
    pid: process.pid,
    kafkaPort: 1,
    registryPort: 2,
    brokers: '127.0.0.1:1',
    registryUrl: 'http://127.0.0.1:2',
    workers: [],
    engines,
    wishes: version,
  }
  await claim.writeRun(run)
}

test('who waits is told of what, and is answered when exactly these run, by this writing', async () => {
  claim = await claimDataDir(dataDir)
  await writeEngines(dataDir, [{ deployment: 'node-1' }, { deployment: 'flink-1' }])
  const { version } = (await readWishes(dataDir))!
  const node = engine('node-1', 'running')
  const both = [engine('flink-1', 'running'), node]
  // what had failed before is no answer to what was asked since
  const scenes: [string, EngineRun[]][] = [
    ['older', [engine('flink-1', 'failed'), node]],
    [version, [node]],
    [version, [engine('flink-1', 'starting'), node]],
    [version, [...both, engine('kafka-streams-1', 'stopping')]],
    [version, both],
  ]
  await say(...scenes.shift()!)
  const told: string[] = []
  const waiting = untilEngines(testShell(), dataDir, ['node-1', 'flink-1'], (line) => {
    if (told.at(-1) === line) return
    told.push(line)
    void say(...scenes.shift()!)
  })
  assert.deepEqual(await waiting, both)
  assert.deepEqual(told, [
    'waiting for the stack to take it up',
    'waiting for flink-1 to start',
    'waiting for flink-1 (starting)',
    'waiting for kafka-streams-1 to stop',
  ])
})

test('one that fails ends the waiting, with its reason and its log', async () => {
  claim = await claimDataDir(dataDir)
  await writeEngines(dataDir, [{ deployment: 'node-1' }])
  const { version } = (await readWishes(dataDir))!
  const reason = { problem: 'it ended', log: '/logs/node-1.log' }
  await say(version, [engine('node-1', 'failed', reason)])
  await assert.rejects(
    untilEngines(testShell(), dataDir, ['node-1'], () => {}),
    {
      code: 'ENGINE_FAILED',
      message: 'node-1 does not run: it ended',
      remedy: 'the whole log is /logs/node-1.log; then ask again',
    },
  )
})

test('where no stack runs nobody waits', async () => {
  await assert.rejects(
    untilEngines(testShell(), dataDir, ['node-1'], () => {}),
    {
      code: 'NOTHING_RUNS',
    },
  )
})
