import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokerProperties, portsOf } from './broker.ts'

/** What this does not prove: that MSK takes these properties. Its documentation lists each of them. */

test('with three replicas one broker may be away, and nothing that was acknowledged is lost', () => {
  assert.equal(
    brokerProperties(3),
    [
      'auto.create.topics.enable=false',
      'default.replication.factor=3',
      'min.insync.replicas=2',
      'offsets.topic.replication.factor=3',
      'transaction.state.log.replication.factor=3',
      'transaction.state.log.min.isr=2',
      'transaction.max.timeout.ms=900000',
      'unclean.leader.election.enable=false',
      'offsets.retention.minutes=5256000',
      '',
    ].join('\n'),
  )
})

test('with two, a minimum of two would stop everything while one broker is patched', () => {
  const lines = brokerProperties(2).split('\n')

  assert.ok(lines.includes('min.insync.replicas=1'))
  assert.ok(lines.includes('transaction.state.log.min.isr=1'))
})

test('each port of the brokers once', () => {
  assert.deepEqual(portsOf(['a:9098', 'b:9098', '[fd00::1]:9093']), [9098, 9093])
})
