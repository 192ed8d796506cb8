import { createHash, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { TerminalError } from '@order-up/kit'
import { z } from 'zod'

const RSA_BITS = 2_048

/** What the secret holds. */
const ServiceKey = z.object({
  /** PEM, PKCS #8 */
  privateKey: z.string(),
  /** the body of its PEM in one line, as Snowflake takes it */
  publicKey: z.string(),
  generation: z.int(),
})
type ServiceKey = z.infer<typeof ServiceKey>

/**
 * Sees to it that the secret holds the key pair of this generation, and returns its public half. The private one is made
 * here and goes nowhere else. Of two that ask at once for a new generation, one makes it and both are told the same.
 * @throws TerminalError `KEY_GENERATION` where the secret holds a later one, `SECRET` where it holds something else
 */
export async function ensureServiceKey(
  client: SecretsManagerClient,
  { secretArn, generation }: { secretArn: string; generation: number },
): Promise<string> {
  const before = await read(client, secretArn)
  if (before?.generation === generation) return before.publicKey
  if (before && before.generation > generation)
    throw new TerminalError(
      'KEY_GENERATION',
      `${secretArn} holds key generation ${before.generation}, and ${generation} is asked for: it only counts up`,
      { remedy: 'raise order-up:warehouse.keyGeneration past it' },
    )
  await write(client, secretArn, await makeKey(generation))
  const after = await read(client, secretArn)
  if (after?.generation === generation) return after.publicKey
  throw new TerminalError(
    'KEY_GENERATION',
    `${secretArn} holds key generation ${after?.generation} after ${generation} was written`,
    { remedy: 'generation numbers are used once: raise order-up:warehouse.keyGeneration' },
  )
}

async function makeKey(generation: number): Promise<ServiceKey> {
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const publicKey = pair.publicKey.replaceAll(/-----[A-Z ]+-----|\s/g, '')
  return { privateKey: pair.privateKey, publicKey, generation }
}

async function read(
  client: SecretsManagerClient,
  SecretId: string,
): Promise<ServiceKey | undefined> {
  const { GetSecretValueCommand, ResourceNotFoundException } =
    await import('@aws-sdk/client-secrets-manager')
  let text: string | undefined
  try {
    text = (await client.send(new GetSecretValueCommand({ SecretId }))).SecretString
  } catch (error) {
    // a new secret has no value; one that does not exist is named by the attempt to write to it
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
  const parsed = ServiceKey.safeParse(json(text ?? ''))
  if (parsed.success) return parsed.data
  // what the parser says of it could quote it
  throw new TerminalError('SECRET', `${SecretId} holds something that is not a service key`, {
    remedy: 'it belongs to the control function alone: move what it holds elsewhere',
  })
}

/** A generation is written once: the token is its version's id, and another value under the same one is refused. */
async function write(client: SecretsManagerClient, SecretId: string, key: ServiceKey) {
  const { PutSecretValueCommand, ResourceExistsException } =
    await import('@aws-sdk/client-secrets-manager')
  const token = createHash('sha256').update(`${SecretId} ${key.generation}`).digest('hex')
  const command = { SecretId, SecretString: JSON.stringify(key), ClientRequestToken: token }
  try {
    await client.send(new PutSecretValueCommand(command))
  } catch (error) {
    if (!(error instanceof ResourceExistsException)) throw error
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
