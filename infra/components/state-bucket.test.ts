import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KEY, register, runtimeOf } from './stack.fixture.ts'
import { StateBucket } from './state-bucket.ts'

const NAME = 'order-up-dev-state'
const registerBucket = (protect: boolean) =>
  register(() => {
    const state = new StateBucket('state', { runtime: runtimeOf({ protect }) })
    return { verdictsUrl: state.verdictsUrl }
  })

test('private, encrypted by our key, versioned, over TLS only', async () => {
  const { one, outputs } = await registerBucket(false)

  const inputs = (type: string) => one(`aws:s3/${type}`).inputs
  assert.deepEqual(inputs('bucketPublicAccessBlock:BucketPublicAccessBlock'), {
    bucket: NAME,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  })
  assert.deepEqual(
    inputs('bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration'),
    {
      bucket: NAME,
      rules: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: KEY },
          bucketKeyEnabled: true,
        },
      ],
    },
  )
  assert.deepEqual(inputs('bucketVersioning:BucketVersioning'), {
    bucket: NAME,
    versioningConfiguration: { status: 'Enabled' },
  })
  assert.deepEqual(inputs('bucketOwnershipControls:BucketOwnershipControls'), {
    bucket: NAME,
    rule: { objectOwnership: 'BucketOwnerEnforced' },
  })
  assert.deepEqual(inputs('bucketLifecycleConfiguration:BucketLifecycleConfiguration'), {
    bucket: NAME,
    rules: [
      {
        id: 'what-was-replaced',
        status: 'Enabled',
        filter: { prefix: '' },
        noncurrentVersionExpiration: { noncurrentDays: 7 },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
      },
    ],
  })
  const { policy } = inputs('bucketPolicy:BucketPolicy')
  assert.deepEqual(JSON.parse(policy as string), {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [`arn:aws:s3:::${NAME}`, `arn:aws:s3:::${NAME}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  })
  assert.equal(outputs['verdictsUrl'], `s3://${NAME}/verdicts`)
})

test('kept where the stack is protected; a dev stack can be destroyed without a trace', async () => {
  for (const protect of [true, false]) {
    const { one } = await registerBucket(protect)

    const bucket = one('aws:s3/bucket:Bucket')
    assert.deepEqual(
      [bucket.protect, bucket.retainOnDelete, bucket.inputs],
      [protect, protect, { forceDestroy: !protect }],
    )
  }
})
