import { topics } from '@order-up/control'
import { RAW_TOPIC } from '@order-up/schemas'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MSK, otherKafka, PASSWORD, register, runtimeOf, settingsOf } from './stack.fixture.ts'
import { Topics } from './topics.ts'

const names = topics({ partitions: 4 })
  .map(({ name }) => name)
  .toSorted()

test('on MSK every topic is made by its own API, protected, and kept when it leaves the program', async () => {
  const { all, one } = await register(
    () => new Topics('topics', { settings: settingsOf(), kafka: runtimeOf().kafka }),
  )

  const made = all('aws:msk/topic:Topic')
  assert.deepEqual(made.map(({ inputs }) => String(inputs['name'])).toSorted(), names)
  for (const { protect, retainOnDelete } of made)
    assert.deepEqual([protect, retainOnDelete], [true, true])
  assert.deepEqual(one('aws:msk/topic:Topic', RAW_TOPIC).inputs, {
    clusterArn: MSK,
    name: RAW_TOPIC,
    partitionCount: 4,
    replicationFactor: 2,
    configs:
      '{"cleanup.policy":"delete","max.message.bytes":"1048576","message.timestamp.type":"LogAppendTime","min.insync.replicas":"1","retention.bytes":"-1","retention.ms":"-1"}',
  })
})

test('on another Kafka too, by a provider that is told no password', async () => {
  const kafka = {
    kind: 'other',
    brokers: ['kafka-1:9093', 'kafka-2:9093'],
    auth: 'scram',
    secretArn: PASSWORD,
    replicationFactor: 3,
  }
  const { all, one } = await register(
    () => new Topics('topics', { settings: settingsOf({ kafka }), kafka: otherKafka('scram') }),
  )

  assert.deepEqual(one('pulumi:providers:kafka').inputs, {
    bootstrapServers: '["kafka-1:9093","kafka-2:9093"]',
    tlsEnabled: 'true',
    skipTlsVerify: 'false',
    saslMechanism: 'scram-sha512',
  })
  const made = all('kafka:index/topic:Topic')
  assert.deepEqual(made.map(({ inputs }) => String(inputs['name'])).toSorted(), names)
  for (const { inputs, protect, retainOnDelete, provider } of made) {
    assert.deepEqual([protect, retainOnDelete], [true, true])
    assert.equal(inputs['replicationFactor'], 3)
    assert.match(provider, /pulumi:providers:kafka::topics::/)
  }
})
