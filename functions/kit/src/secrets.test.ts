import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { startPythonServer } from '../test/python-server.ts'
import { describe as inWords } from './errors.ts'
import { withSecrets } from './secrets.ts'

// The real SDK against moto. Not shown: the role's rights, the key that encrypts the secret, rotation.

const moto = await startPythonServer(
  { name: 'moto', version: '5.2.5', extra: 'server' },
  (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
)

/** Where the SDK looks, in a function as here. */
const aws = (endpoint: string) =>
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })

async function secret(name: string, SecretString: string): Promise<string> {
  const created = await new SecretsManagerClient({}).send(
    new CreateSecretCommand({ Name: name, SecretString }),
  )
  return created.ARN!
}

test('an environment that names no secret is left as it is, and nobody is asked', async () => {
  const env = { KAFKA_BROKERS: 'a:1' }

  assert.equal(await withSecrets(env), env)
})

describe('Secrets Manager', { skip: 'missing' in moto ? `needs ${moto.missing}` : false }, () => {
  if ('missing' in moto) return
  before(() => aws(moto.url))
  after(() => moto.stop())

  test('secrets take their places in the environment', async () => {
    const env = {
      KAFKA_BROKERS: 'a:1',
      SNOWFLAKE_PRIVATE_KEY_SECRET_ARN: await secret('key', '{"privateKey":"PEM\\nPEM"}'),
      KAFKA_SECRET_ARN: await secret('kafka', '{"username":"ü","password":"p","host":"x"}'),
    }

    assert.deepEqual(await withSecrets(env), {
      ...env,
      SNOWFLAKE_PRIVATE_KEY: 'PEM\nPEM',
      KAFKA_USERNAME: 'ü',
      KAFKA_PASSWORD: 'p',
    })
  })

  for (const [what, text] of [
    ['no JSON', 'hunter2'],
    ['another field', '{"key":"hunter2"}'],
    ['an empty one', '{"privateKey":"","pass":"hunter2"}'],
    ['no object', '"hunter2"'],
  ] as const)
    test(`a secret that holds ${what} is refused, and not shown`, async () => {
      const arn = await secret(what, text)

      await assert.rejects(withSecrets({ SNOWFLAKE_PRIVATE_KEY_SECRET_ARN: arn }), (error) => {
        assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2/)
        assert.equal(
          (error as Error).message,
          `SNOWFLAKE_PRIVATE_KEY_SECRET_ARN=${arn} is not a JSON object with privateKey`,
        )
        return true
      })
    })

  test('a secret that is not there is named, with the reason', async () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:absent-abcdef'

    await assert.rejects(withSecrets({ KAFKA_SECRET_ARN: arn }), (error) => {
      assert.match(
        inWords(error),
        /^Cannot read KAFKA_SECRET_ARN=.*absent.* \(.*can't find the specified secret/,
      )
      return true
    })
  })
})

test('a Secrets Manager that takes connections and says nothing is given up in time', async (t) => {
  const silent = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  aws(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
  const start = Date.now()

  await assert.rejects(withSecrets({ KAFKA_SECRET_ARN: 'arn:aws:x' }), { code: 'SECRET' })
  assert.ok(Date.now() - start < 8_000)
})
