import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { topics } from '@order-up/control'
import {
  createKafka,
  createRegistry,
  KafkaConfig,
  parseConfig,
  readTopic,
  silentLog,
} from '@order-up/kit'
import {
  AVRO_SCHEMAS,
  firstShares,
  parseShares,
  RAW_SUBJECT,
  RAW_TOPIC,
  SHARES_TOPIC,
} from '@order-up/schemas'
import { kafkajs } from '@order-up/kit'
import { claimDataDir, readRun } from './data-dir.ts'
import { runDeploy } from './deploy.fixture.ts'
import { freePort } from './ports.ts'
import { startStack, type Stack } from './stack.ts'
import { eventually, isAlive } from './wait.fixture.ts'

const kafkaOf = ({ kafkaConfig }: Stack) =>
  createKafka(parseConfig(KafkaConfig, kafkaConfig), 'test', silentLog())

const pidOf = (stack: Stack, name: string) =>
  stack.supervisor.status().find((one) => one.name === name)!.pid!

const isRunningAgain = (stack: Stack, name: string) => () =>
  stack.supervisor
    .status()
    .some((one) => one.name === name && one.state === 'running' && one.restarts === 1)

async function idsOf(stack: Stack) {
  return createRegistry(stack.registryUrl).subjectIds(RAW_SUBJECT)
}

async function countOf(stack: Stack, topic: string): Promise<number> {
  const values: (Buffer | null)[] = []
  await readTopic(kafkaOf(stack), topic, (records) => {
    values.push(...records.map(({ value }) => value))
  })
  return values.length
}

// In order: each test goes on with the stack as the one before left it, since a start costs seconds.
describe('the embedded stack', () => {
  let dataDir: string
  let stack: Stack
  const progress: string[] = []
  const ports = { kafkaPort: 0, registryPort: 0 }
  const start = (partitions: number) =>
    startStack({
      dataDir,
      ...ports,
      partitions,
      env: process.env,
      onProgress: (line) => progress.push(line),
    })

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'order-up stäck-')) // a folder may have any name
    ports.kafkaPort = await freePort()
    ports.registryPort = await freePort()
    stack = await start(3)
  })
  after(async () => {
    await stack.stop()
    await rm(dataDir, { recursive: true })
  })

  it('has every topic with the settings of the contract', async () => {
    const admin = kafkaOf(stack).admin()
    await admin.connect()
    try {
      const wanted = topics({ partitions: 3 })
      const metadata = await admin.fetchTopicMetadata({ topics: wanted.map(({ name }) => name) })
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: wanted.map(({ name }) => ({
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name,
        })),
      })
      for (const { name, partitions, configs } of wanted) {
        const found = metadata.topics.find((topic) => topic.name === name)
        assert.equal(found?.partitions.length, partitions, name)
        const entries = resources.find(({ resourceName }) => resourceName === name)!.configEntries
        const actual = new Map(entries.map((entry) => [entry.configName, entry.configValue]))
        for (const [key, value] of Object.entries(configs))
          assert.equal(actual.get(key), value, `${name} ${key}`)
      }
    } finally {
      await admin.disconnect()
    }
  })

  it('has both subjects with their schemas, and refuses what would break a reader', async () => {
    const registry = createRegistry(stack.registryUrl)
    for (const [subject, schemas] of Object.entries(AVRO_SCHEMAS)) {
      assert.equal((await registry.subjectIds(subject)).size, schemas.length)
      const last = schemas.at(-1) as { fields: object[] }
      assert.ok(await registry.idOf(subject, last))
      const breaking = { ...last, fields: [...last.fields, { name: 'added', type: 'string' }] }
      await assert.rejects(registry.register(subject, breaking), { code: 'SCHEMA_INCOMPATIBLE' })
    }
  })

  it('has epoch 1: everything to the Node engine', async () => {
    const values: Buffer[] = []
    await readTopic(kafkaOf(stack), SHARES_TOPIC, (records) => {
      values.push(...records.map(({ value }) => value!))
    })
    assert.deepEqual(values.map(parseShares), [firstShares('node-1')])
  })

  it('is not changed by a second deploy, which names what differs', async () => {
    const ids = await idsOf(stack)
    assert.equal((await runDeploy({ ...stack.kafkaConfig, PARTITIONS: '3' })).stderr, '')
    const { stderr } = await runDeploy({ ...stack.kafkaConfig, PARTITIONS: '4' })
    assert.match(stderr, /the topics have 3 partitions, not 4/)
    assert.deepEqual(await idsOf(stack), ids)
  })

  it('says in its data folder what runs', async () => {
    const run = await readRun(dataDir)
    assert.equal(run?.pid, process.pid)
    assert.equal(run.brokers, stack.brokers)
    assert.equal(run.registryUrl, stack.registryUrl)
    assert.deepEqual(run.workers, stack.supervisor.status())
  })

  it('survives kill -9 of the broker and of the registry with all that they held', async () => {
    const ids = await idsOf(stack)
    const producer = kafkaOf(stack).producer()
    await producer.connect()
    await producer.send({ topic: RAW_TOPIC, messages: [{ key: 'order', value: 'kept' }] })
    await producer.disconnect()
    for (const name of ['broker', 'registry']) {
      process.kill(pidOf(stack, name), 'SIGKILL')
      await eventually(isRunningAgain(stack, name))
    }
    assert.deepEqual(await idsOf(stack), ids)
    assert.equal(await countOf(stack, RAW_TOPIC), 1)
  })

  it('resumes after a stop: ids, records, epoch and partitions are those of before', async () => {
    const ids = await idsOf(stack)
    const pids = ['broker', 'registry'].map((name) => pidOf(stack, name))
    await stack.stop()
    assert.ok(!pids.some(isAlive))
    assert.equal(await readRun(dataDir), undefined)

    stack = await start(5)
    assert.deepEqual(await idsOf(stack), ids)
    assert.equal(await countOf(stack, RAW_TOPIC), 1)
    assert.equal(await countOf(stack, SHARES_TOPIC), 1)
    assert.deepEqual(progress, [
      "the topics have 3 partitions, not 5: the count is fixed for a topic's life",
    ])
  })

  it('gives up its start when told to, and leaves nothing running', async () => {
    await stack.stop()
    const stop = new AbortController()
    const starting = startStack({ dataDir, ...ports, env: process.env, signal: stop.signal })
    starting.catch(() => {})
    await eventually(async () => (await readRun(dataDir))?.workers.some(({ pid }) => pid) ?? false)
    const pids = (await readRun(dataDir))!.workers.map(({ pid }) => pid!)
    stop.abort(new Error('enough'))
    await assert.rejects(starting, /enough/)
    assert.ok(!pids.some(isAlive))
    assert.equal(await readRun(dataDir), undefined)
  })
})

describe('a stack whose process is killed with -9', () => {
  it('leaves no process behind, and its data folder can be used again', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'order-up-stack-'))
    const parent = fork(join(import.meta.dirname, 'parent.fixture.ts'), [dataDir])
    let pids: number[] = []
    try {
      ;[pids] = (await once(parent, 'message')) as [number[]]
      assert.equal(pids.length, 3)
      assert.ok(pids.every(isAlive))
      parent.kill('SIGKILL')
      await eventually(() => !pids.some(isAlive))
      const claim = await claimDataDir(dataDir)
      await claim.release()
    } finally {
      parent.kill('SIGKILL')
      for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL') // should the test have failed
      await rm(dataDir, { recursive: true })
    }
  })
})
