import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KafkaConfig, parseConfig } from './config.ts'
import { createKafka } from './kafka.ts'
import { silentLog } from './log.ts'

// Not shown: that a broker takes the login. SCRAM was tried against none so far, MSK's IAM takes an AWS account.

const create = (env: Record<string, string>) =>
  createKafka(parseConfig(KafkaConfig, env), 'test', silentLog())

for (const [env, why] of [
  [{ KAFKA_SECURITY: 'msk-iam' }, /AWS_REGION is not set: needed with KAFKA_SECURITY=msk-iam/],
  [{ KAFKA_SECURITY: 'scram', KAFKA_PASSWORD: 'hunter2' }, /KAFKA_USERNAME is not set: needed/],
  [{ KAFKA_SECURITY: 'scram', KAFKA_USERNAME: 'u' }, /KAFKA_PASSWORD is not set: needed/],
  [{ KAFKA_SECURITY: 'tls', KAFKA_USERNAME: 'u' }, /KAFKA_USERNAME is set: of use only with/],
  [{ KAFKA_PASSWORD: 'hunter2' }, /KAFKA_PASSWORD is set: of use only .* not plaintext/],
  [{ KAFKA_SECURITY: 'ssl', KAFKA_PASSWORD: 'hunter2' }, /KAFKA_SECURITY="ssl"/],
] as const)
  test(`${JSON.stringify(env)} is refused: ${why.source}`, () => {
    assert.throws(
      () => create(env),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'CONFIG')
        assert.match(error.message, why)
        assert.doesNotMatch(error.message, /hunter2/)
        return true
      },
    )
  })

test('keys that go together make a client', () => {
  for (const env of [
    {},
    { KAFKA_SECURITY: 'tls' },
    { KAFKA_SECURITY: 'msk-iam', AWS_REGION: 'eu-west-1' },
    { KAFKA_SECURITY: 'scram', KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' },
  ])
    assert.ok(create(env))
})

test('a secret is not shown where its value is refused', () => {
  const Config = KafkaConfig.extend({
    KAFKA_PASSWORD: KafkaConfig.shape.KAFKA_PASSWORD.unwrap().min(99),
  })

  assert.throws(() => parseConfig(Config, { KAFKA_PASSWORD: 'hunter2' }), {
    message: /KAFKA_PASSWORD=\(not shown\): Too small/,
  })
})
