import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { KafkaConfig, parseConfig } from '@order-up/kit'
import { clientSettings, producerSettings } from './native-settings.ts'

const settings = (env: Record<string, string>) => clientSettings(parseConfig(KafkaConfig, env), 'c')

test("the ways of logging in are kafkajs's, with the authorities that Node trusts", () => {
  const plain = settings({ KAFKA_BROKERS: 'a:1,b:2' })
  assert.equal(plain['bootstrap.servers'], 'a:1,b:2')
  assert.deepEqual(
    Object.keys(plain).filter((key) => /^(ssl|sasl|security)/.test(key)),
    [],
  )

  const { 'ssl.ca.pem': pem, ...tls } = settings({ KAFKA_SECURITY: 'tls' })
  assert.equal(tls['security.protocol'], 'ssl')
  const authorities = String(pem).match(/-----BEGIN[^]+?END CERTIFICATE-----/g)!
  assert.ok(authorities.length > 50)
  assert.ok(new X509Certificate(authorities.at(-1)!).ca)

  const scram = settings({ KAFKA_SECURITY: 'scram', KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' })
  assert.deepEqual(
    ['security.protocol', 'sasl.mechanisms', 'sasl.username', 'sasl.password'].map((k) => scram[k]),
    ['sasl_ssl', 'SCRAM-SHA-512', 'u', 'p'],
  )
  assert.throws(() => settings({ KAFKA_SECURITY: 'scram' }), { code: 'CONFIG' })
})

test('MSK: a token of IAM whenever librdkafka asks for one, with the time at which it ends', async (t) => {
  const credentials = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' }
  const before = Object.keys(credentials).map((key) => [key, process.env[key]] as const)
  Object.assign(process.env, credentials)
  t.after(() => {
    for (const [key, value] of before)
      if (value === undefined) delete process.env[key]
      else process.env[key] = value
  })
  const iam = settings({ KAFKA_SECURITY: 'msk-iam', AWS_REGION: 'eu-west-1' })
  assert.deepEqual([iam['security.protocol'], iam['sasl.mechanisms']], ['sasl_ssl', 'OAUTHBEARER'])
  const ask = iam['oauthbearer_token_refresh_cb'] as () => Promise<Record<string, unknown>>
  const { tokenValue, lifetime, principal } = await ask()
  assert.match(
    Buffer.from(String(tokenValue), 'base64url').toString(),
    /^https:\/\/kafka\.eu-west-1\.amazonaws\.com\/\?Action=kafka-cluster%3AConnect/,
  )
  const minutes = (Number(lifetime) - Date.now()) / 60_000
  assert.ok(minutes > 14 && minutes <= 15, `${minutes}`)
  assert.equal(principal, 'msk-iam')
})

test('a producer has no limit of its own to what waits: a full queue would fail each attempt alike', () => {
  const producer = producerSettings(settings({}), 'node-1-3', 10_000)
  assert.equal(producer['queue.buffering.max.messages'], 0)
  assert.deepEqual(
    [producer['transactional.id'], producer['transaction.timeout.ms']],
    ['node-1-3', 10_000],
  )
})
