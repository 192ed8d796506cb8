import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { WorkerStatus } from '@order-up/stack'
import type { Admin } from 'kafkajs'
import { collectFigures, figuresLine } from './figures.ts'

/** A worker that counts so many applied records. */
async function workerWith(t: TestContext, name: string, applied: number): Promise<WorkerStatus> {
  const metrics = `orderup_engine_records_total{partition="0",outcome="applied"} ${applied}\n`
  const server = createServer((_, response) => void response.end(metrics))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return status(name, (server.address() as AddressInfo).port)
}

const status = (name: string, httpPort: number | null): WorkerStatus => ({
  name,
  state: 'running',
  pid: 1,
  httpPort,
  restarts: 0,
  lastEnd: null,
})

/** Where two deployments stand of ten records; anything else is not answered. */
const admin = {
  fetchTopicOffsets: () => Promise.resolve([{ partition: 0, offset: '10', high: '10', low: '0' }]),
  fetchOffsets: ({ groupId, topics: [topic] }: { groupId: string; topics: string[] }) => {
    const offset = { 'order-up.engine.node-1': '9', 'order-up.engine.flink-1': '4' }[groupId]
    if (offset === undefined) return Promise.reject(new Error(`no group ${groupId}`))
    return Promise.resolve([{ topic, partitions: [{ partition: 0, offset }] }])
  },
} as unknown as Admin

const figures = (workers: WorkerStatus[], ...deployments: string[]) =>
  collectFigures(admin, workers, {
    deployments,
    owner: deployments.at(-1),
    querySocket: '/nonexistent',
  })

test('what workers count is summed, and unknown where one of them does not answer', async (t) => {
  const [one, two] = [await workerWith(t, 'node-1.1', 3), await workerWith(t, 'node-1.2', 4)]
  const others = [await workerWith(t, 'sink', 50), await workerWith(t, 'flink-1', 60)]
  assert.equal((await figures([one, two, ...others], 'node-1')).applied, 7)
  assert.equal((await figures([one, status('node-1.2', null)], 'node-1')).applied, null)
  assert.equal((await figures([one, status('node-1.2', 9)], 'node-1')).applied, null)
})

test('of several engines the one that owns most accounts for the records', async (t) => {
  const workers = [await workerWith(t, 'flink-1', 60), await workerWith(t, 'node-1', 7)]
  const { accountedBy, applied } = await figures(workers, 'flink-1', 'node-1')
  assert.deepEqual([accountedBy, applied], ['node-1', 7])
})

test('how far each of several is behind is in the line, of one alone without its name', async () => {
  const both = await figures([], 'flink-1', 'node-1')
  assert.deepEqual(both.engineLags, { 'flink-1': 6, 'node-1': 1 })
  assert.match(figuresLine(both), / \| behind flink-1 6, node-1 1 \| /)
  assert.match(figuresLine(await figures([], 'node-1')), / \| behind 1 \| /)
  assert.match(figuresLine(await figures([], 'node-1', 'node-2')), / behind node-1 1, node-2 \? /)
})

test('of several engines the slowest is behind; one of no offsets makes that unknown', async () => {
  assert.equal((await figures([], 'node-1')).engineLag, 1)
  assert.equal((await figures([], 'flink-1', 'node-1')).engineLag, 6)
  assert.equal((await figures([], 'node-1', 'node-2')).engineLag, null)
  assert.equal((await figures([])).engineLag, null)
})
