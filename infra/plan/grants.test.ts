import { topics, type DeploymentId } from '@order-up/control'
import {
  changelogTopic,
  CURATED_TOPIC,
  DEPLOYMENTS,
  DLQ_TOPIC,
  engineGroup,
  RAW_TOPIC,
  REPORTS_TOPIC,
  shadowDlqTopic,
  shadowTopic,
  SHARES_TOPIC,
} from '@order-up/schemas'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kafkaStatements, type Worker } from './grants.ts'

/** What this does not prove: that MSK asks for these actions and no others. */

const CLUSTER = 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0123-4567-1'
const engines = DEPLOYMENTS as readonly DeploymentId[]
const WORKERS: readonly Worker[] = ['producer', 'sink', 'parity', 'control', ...engines]
/** looks for open transactions of its own in each topic that it writes */
const flinks = engines.filter((id) => id.startsWith('flink'))
const streams = engines.filter((id) => id.startsWith('kafka-streams'))
const TOPICS = topics({ partitions: 4 }).map(({ name }) => name)

type Kind = 'cluster' | 'topic' | 'group' | 'transactional-id'

/** As IAM decides: `*` matches anything. */
function allows(worker: Worker, action: string, kind: Kind, name: string): boolean {
  const root = CLUSTER.replace(':cluster/', `:${kind}/`)
  const arn = kind === 'cluster' ? root : `${root}/${name}`
  return kafkaStatements(CLUSTER, worker).some(
    ({ Action, Resource }) =>
      Action.includes(`kafka-cluster:${action}`) &&
      Resource.some((pattern) =>
        pattern.endsWith('*') ? arn.startsWith(pattern.slice(0, -1)) : arn === pattern,
      ),
  )
}

const who = (action: string, kind: Kind, name = '') =>
  WORKERS.filter((worker) => allows(worker, action, kind, name))

test('every topic is written by those whom the contract names, and by nobody else', () => {
  const written = Object.fromEntries(TOPICS.map((name) => [name, who('WriteData', 'topic', name)]))

  assert.deepEqual(written, {
    [RAW_TOPIC]: ['producer'],
    [CURATED_TOPIC]: ['control', ...engines],
    [DLQ_TOPIC]: ['control', ...engines],
    [SHARES_TOPIC]: ['control'],
    [REPORTS_TOPIC]: engines,
    ...Object.fromEntries(
      engines.flatMap((id) => [
        [shadowTopic(id), [id]],
        [shadowDlqTopic(id), [id]],
      ]),
    ),
    ...Object.fromEntries(streams.map((id) => [changelogTopic(id), [id]])),
  })
})

test('every topic is read by those who need it', () => {
  const read = Object.fromEntries(TOPICS.map((name) => [name, who('ReadData', 'topic', name)]))

  assert.deepEqual(read, {
    [RAW_TOPIC]: ['parity', 'control', ...engines],
    [CURATED_TOPIC]: ['sink', 'parity', 'control', ...flinks],
    [DLQ_TOPIC]: ['parity', 'control', ...flinks],
    [SHARES_TOPIC]: ['control', ...engines],
    [REPORTS_TOPIC]: ['control', ...flinks],
    ...Object.fromEntries(
      engines.flatMap((id) => {
        const readers = ['parity', 'control', ...flinks.filter((flink) => flink === id)]
        return [
          [shadowTopic(id), readers],
          [shadowDlqTopic(id), readers],
        ]
      }),
    ),
    ...Object.fromEntries(streams.map((id) => [changelogTopic(id), [id]])),
  })
})

test('whoever reads or writes a topic may also see where its leaders are', () => {
  for (const worker of WORKERS)
    for (const name of TOPICS)
      if (['ReadData', 'WriteData'].some((action) => allows(worker, action, 'topic', name)))
        assert.ok(allows(worker, 'DescribeTopic', 'topic', name), `${worker} ${name}`)
})

test("no deployment has a hand in another's transactions or group; control ends those of a dead one", () => {
  const id = fc.constantFrom(...engines)
  // what its engine may append to the name: a partition, Streams' process and thread, Flink's subtask and checkpoint
  const suffix = fc.stringMatching(/^[a-z0-9-]{1,40}$/)

  fc.assert(
    fc.property(id, suffix, (mine, rest) => {
      const own = streams.includes(mine) ? `${engineGroup(mine)}-${rest}` : `${mine}-${rest}`
      for (const action of ['AlterTransactionalId', 'DescribeTransactionalId'])
        assert.deepEqual(who(action, 'transactional-id', own), ['control', mine])
      assert.deepEqual(who('AlterGroup', 'group', engineGroup(mine)), [mine])
    }),
  )
})

test('nobody makes topics: the deploy does', () => {
  for (const name of [...TOPICS, `${engineGroup('kafka-streams-1')}-other-changelog`])
    assert.deepEqual(who('CreateTopic', 'topic', name), [])
})

test('only who writes takes a producer id, and the shares have one writer', () => {
  assert.deepEqual(who('Connect', 'cluster'), WORKERS)
  assert.deepEqual(who('WriteDataIdempotently', 'cluster'), ['producer', 'control', ...engines])
  assert.deepEqual(who('AlterTransactionalId', 'transactional-id', 'order-up.control'), ['control'])
})

test('who looks at a group cannot move its offsets', () => {
  assert.deepEqual(who('AlterGroup', 'group', 'order-up.sink'), ['sink'])
  assert.deepEqual(who('DescribeGroup', 'group', 'order-up.sink'), ['sink', 'control'])
  assert.deepEqual(who('DescribeGroup', 'group', engineGroup('flink-1')), [
    'parity',
    'control',
    'flink-1',
  ])
  assert.deepEqual(who('AlterGroup', 'group', 'order-up.read.anything'), ['node-1', 'node-2'])
})

test('nobody is granted more than names under the contract, or an action by wildcard', () => {
  for (const worker of WORKERS)
    for (const { Action, Resource } of kafkaStatements(CLUSTER, worker)) {
      assert.ok(Action.every((action) => /^kafka-cluster:[A-Za-z]+$/.test(action)))
      for (const forbidden of [
        'CreateTopic',
        'DeleteTopic',
        'AlterTopic',
        'DeleteGroup',
        'AlterCluster',
      ])
        assert.ok(!Action.includes(`kafka-cluster:${forbidden}`), `${worker} ${forbidden}`)
      for (const resource of Resource) assert.match(resource, /[^*]{20}[.-]\*$|[^*]$/)
    }
})

test('a policy fits into a role', () => {
  for (const worker of WORKERS)
    assert.ok(JSON.stringify(kafkaStatements(CLUSTER, worker)).length < 8_000, worker)
})
