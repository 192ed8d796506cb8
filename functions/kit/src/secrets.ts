import { z } from 'zod'
import { RetryableError, TerminalError } from './errors.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Key that names a secret by its ARN → key of the environment → field of the secret, which is a JSON object. */
const SECRETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  SNOWFLAKE_PRIVATE_KEY_SECRET_ARN: { SNOWFLAKE_PRIVATE_KEY: 'privateKey' },
  KAFKA_SECRET_ARN: { KAFKA_USERNAME: 'username', KAFKA_PASSWORD: 'password' },
}

/**
 * The environment with the secrets that it names by ARN read from Secrets Manager: for Lambdas, to which nobody else
 * hands them (ECS does). Read once, when the function starts: a rotated secret needs a new start.
 * @throws RetryableError `SECRET` where Secrets Manager does not answer or does not know it; TerminalError `SECRET`
 * where it is not what it should be. Neither shows it.
 */
export async function withSecrets(env: Env): Promise<Env> {
  const wanted = Object.entries(SECRETS).flatMap(([key, fields]) => {
    const arn = env[key]
    return arn ? [{ key, arn, fields }] : []
  })
  if (wanted.length === 0) return env
  const read = await openSecrets()
  const found = await Promise.all(
    wanted.map(async ({ key, arn, fields }) => pick(key, arn, fields, await read(key, arn))),
  )
  return Object.assign({}, env, ...found) as Env
}

/** Says what is wrong before Lambda's 10 s for a start are over. */
const PATIENCE = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
}

async function openSecrets() {
  const { SecretsManagerClient, GetSecretValueCommand } =
    await import('@aws-sdk/client-secrets-manager')
  const client = new SecretsManagerClient(PATIENCE)
  return async (key: string, arn: string): Promise<string> => {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }))
      return SecretString ?? ''
    } catch (cause) {
      throw new RetryableError('SECRET', `Cannot read ${key}=${arn}`, {
        cause,
        remedy: "the function's role needs secretsmanager:GetSecretValue on it, and kms:Decrypt",
      })
    }
  }
}

function pick(key: string, arn: string, fields: Readonly<Record<string, string>>, text: string) {
  const shape = z.object(
    Object.fromEntries(Object.values(fields).map((field) => [field, z.string().min(1)])),
  )
  const parsed = shape.safeParse(json(text))
  // the parser's own words could quote the secret
  if (!parsed.success)
    throw new TerminalError(
      'SECRET',
      `${key}=${arn} is not a JSON object with ${Object.values(fields).join(' and ')}`,
    )
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, parsed.data[field]]),
  )
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
