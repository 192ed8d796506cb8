import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { KinesisAnalyticsV2Client } from '@aws-sdk/client-kinesis-analytics-v2'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { startPythonServer } from '@order-up/kit/testing'
import { unproven } from './proofs.ts'
import { ensureServiceKey } from './service-key.ts'
import { readVerdict } from './verdicts.ts'

/*
 * The real SDK against moto, which stores what AWS stores. Not shown: rights and encryption (moto checks none); tasks,
 * which moto does not start; Managed Flink, whose answers from moto the SDK cannot read. What is made of such answers is
 * in proofs.test.ts.
 */
const moto = await startPythonServer(
  { name: 'moto', version: '5.2.5', extra: 'server' },
  (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
)
if (!('missing' in moto)) {
  after(() => moto.stop())
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: moto.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })
}

const verdict = {
  verdict: 'PASS',
  reason: 'equal',
  sides: [
    { deployment: 'flink-1', artifact: 'f' },
    { deployment: 'node-1', artifact: 'n' },
  ],
  contractVersion: 1,
  schemaIds: {},
  at: 0,
  expiresAt: 1,
}

test('a verdict in a folder is found by either order of its deployments; one that is not there is none', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'order-up-verdicts-'))
  t.after(() => rm(dir, { recursive: true }))
  await writeFile(join(dir, 'flink-1_node-1.json'), JSON.stringify(verdict))
  await writeFile(join(dir, 'node-1_node-2.json'), '{"verdict":"MAYBE"}')

  assert.deepEqual(await readVerdict(dir, ['node-1', 'flink-1']), verdict)
  assert.deepEqual(await readVerdict(dir, ['flink-1', 'node-1']), verdict)
  assert.equal(await readVerdict(dir, ['flink-1', 'flink-2']), undefined)
  await assert.rejects(readVerdict(dir, ['node-2', 'node-1']), { code: 'VERDICT' })
})

describe('against moto', { skip: 'missing' in moto ? `needs ${moto.missing}` : false }, () => {
  test('a verdict in a bucket, and one that is not there', async () => {
    const s3 = new S3Client({})
    await s3.send(new CreateBucketCommand({ Bucket: 'state' }))
    await s3.send(
      new PutObjectCommand({
        Bucket: 'state',
        Key: 'verdicts/flink-1_node-1.json',
        Body: JSON.stringify(verdict),
      }),
    )

    assert.deepEqual(await readVerdict('s3://state/verdicts', ['node-1', 'flink-1']), verdict)
    assert.equal(await readVerdict('s3://state/verdicts/', ['node-1', 'node-2']), undefined)
    await assert.rejects(readVerdict('s3://absent/verdicts', ['node-1', 'flink-1']), /bucket/)
  })

  test('a key pair is made once a generation, its private half only in the secret', async () => {
    const client = new SecretsManagerClient({})
    const { ARN: secretArn = '' } = await client.send(new CreateSecretCommand({ Name: 'key' }))
    const ensure = (generation: number) => ensureServiceKey(client, { secretArn, generation })

    const [one, same] = await Promise.all([ensure(1), ensure(1)])
    const again = await ensure(1)
    const two = await ensure(2)

    assert.deepEqual([same, again], [one, one])
    assert.notEqual(two, one)
    const { SecretString = '' } = await client.send(
      new GetSecretValueCommand({ SecretId: secretArn }),
    )
    const held = JSON.parse(SecretString) as Record<string, string>
    assert.deepEqual(Object.keys(held), ['privateKey', 'publicKey', 'generation'])
    const privateKey = createPrivateKey(held['privateKey']!)
    assert.equal(privateKey.asymmetricKeyDetails?.modulusLength, 2_048)
    assert.match(held['privateKey']!, /^-----BEGIN PRIVATE KEY-----/)
    const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
    assert.equal(two, der.toString('base64'))
    await assert.rejects(ensure(1), { code: 'KEY_GENERATION', message: /holds key generation 2/ })
  })

  test('a secret that holds something else is left alone; one that does not exist is named', async () => {
    const client = new SecretsManagerClient({})
    const { ARN: secretArn = '' } = await client.send(new CreateSecretCommand({ Name: 'other' }))
    await client.send(
      new PutSecretValueCommand({ SecretId: secretArn, SecretString: '{"password":"x"}' }),
    )

    await assert.rejects(ensureServiceKey(client, { secretArn, generation: 1 }), {
      code: 'SECRET',
      message: `${secretArn} holds something that is not a service key`,
    })
    await assert.rejects(
      ensureServiceKey(client, { secretArn: `${secretArn}x`, generation: 1 }),
      /can't find the specified secret/,
    )
  })

  test('a service is asked for', async () => {
    const ecs = new ECSClient({})
    const clouds = { ecs, ecsCluster: 'c', flink: new KinesisAnalyticsV2Client({}) }
    await ecs.send(new CreateClusterCommand({ clusterName: 'c' }))
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'engine',
        containerDefinitions: [{ name: 'engine', image: 'i', memory: 64 }],
      }),
    )
    const definition = taskDefinition!.taskDefinitionArn!
    await ecs.send(
      new CreateServiceCommand({
        cluster: 'c',
        serviceName: 'engine-node-1',
        taskDefinition: definition,
        desiredCount: 2,
      }),
    )
    const ask = (service: string, wanted: string) =>
      unproven(clouds, {
        deployment: 'node-1',
        kind: 'ecs',
        service,
        taskDefinition: wanted,
      })

    assert.deepEqual(await ask('engine-node-1', definition), ['node-1: 0 of 2 tasks run'])
    const other = definition.replace(/1$/, '2')
    assert.match((await ask('engine-node-1', other)).join(), /is of engine:1, not engine:2/)
    assert.deepEqual(await ask('absent', definition), ['node-1: the service absent is not there'])
  })
})
