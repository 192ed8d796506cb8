import { topics } from '@order-up/control'
import { CURATED_TOPIC, RAW_TOPIC } from '@order-up/schemas'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cloudTopics, configsText } from './topics.ts'

const sizes = { partitions: 24, replicationFactor: 3 }
const DAYS_3 = 3 * 24 * 60 * 60 * 1_000

test('without a lower tier they are the topics of the local stack', () => {
  assert.deepEqual(cloudTopics({ ...sizes, tiered: false }), topics(sizes))
})

test('raw and curated go to the lower tier, and nothing else of them changes', () => {
  const plain = topics(sizes)
  const tiered = cloudTopics({ ...sizes, tiered: true })

  for (const [i, topic] of tiered.entries()) {
    const { 'remote.storage.enable': remote, 'local.retention.ms': local, ...rest } = topic.configs
    assert.deepEqual({ ...topic, configs: rest }, plain[i])
    const goes = topic.name === RAW_TOPIC || topic.name === CURATED_TOPIC
    assert.deepEqual([remote, local], goes ? ['true', String(DAYS_3)] : [undefined, undefined])
  }
})

test("MSK's rules for the lower tier: not compacted, three days at least, longer than on the disks", () => {
  for (const { name, configs } of cloudTopics({ ...sizes, tiered: true })) {
    if (configs['remote.storage.enable'] === undefined) continue
    assert.equal(configs['cleanup.policy'], 'delete', name)
    const kept = Number(configs['retention.ms'])
    assert.ok(kept === -1 || (kept >= DAYS_3 && kept > Number(configs['local.retention.ms'])), name)
  }
})

test('equal settings are equal text', () => {
  assert.equal(configsText({ b: '2', a: '1' }), '{"a":"1","b":"2"}')
  assert.equal(configsText({ a: '1', b: '2' }), configsText({ b: '2', a: '1' }))
})
