import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Runtime } from './runtime.ts'

/** Below it, a folder for each deployment. */
export const SNAPSHOTS = 'snapshots'
export const VERDICTS = 'verdicts'

/** Days after which what was overwritten or removed goes: long enough to notice, and to get it back. */
const NONCURRENT_DAYS = 7

export interface StateBucketArgs {
  runtime: Pick<Runtime, 'stack' | 'keyArn' | 'protect'>
}

/**
 * One bucket for what outlives a worker: the engines' snapshots and the comparer's verdicts. Versioned, so that neither a
 * bug nor a person overwrites the only copy; private, encrypted, over TLS only.
 */
export class StateBucket extends pulumi.ComponentResource {
  readonly bucket: pulumi.Output<string>
  readonly arn: pulumi.Output<string>
  /** s3://<bucket>/verdicts */
  readonly verdictsUrl: pulumi.Output<string>

  constructor(
    name: string,
    { runtime }: StateBucketArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super('orderup:state:StateBucket', name, {}, opts)
    const { protect } = runtime
    const within = { parent: this }

    const bucket = new aws.s3.Bucket(
      `order-up-${runtime.stack}-${name}`,
      // where nothing is protected, a destroyed stack leaves nothing behind
      { forceDestroy: !protect },
      { ...within, protect, retainOnDelete: protect },
    )
    const ofBucket = { bucket: bucket.bucket }
    const versioning = new aws.s3.BucketVersioning(
      name,
      { ...ofBucket, versioningConfiguration: { status: 'Enabled' } },
      within,
    )
    new aws.s3.BucketServerSideEncryptionConfiguration(
      name,
      {
        ...ofBucket,
        rules: [
          {
            applyServerSideEncryptionByDefault: {
              sseAlgorithm: 'aws:kms',
              kmsMasterKeyId: runtime.keyArn,
            },
            // one request to KMS for many objects
            bucketKeyEnabled: true,
          },
        ],
      },
      within,
    )
    new aws.s3.BucketOwnershipControls(
      name,
      { ...ofBucket, rule: { objectOwnership: 'BucketOwnerEnforced' } },
      within,
    )
    const closed = new aws.s3.BucketPublicAccessBlock(
      name,
      {
        ...ofBucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      within,
    )
    new aws.s3.BucketPolicy(
      name,
      { ...ofBucket, policy: tlsOnly(bucket.arn) },
      { ...within, dependsOn: [closed] },
    )
    new aws.s3.BucketLifecycleConfiguration(
      name,
      {
        ...ofBucket,
        rules: [
          {
            id: 'what-was-replaced',
            status: 'Enabled',
            filter: { prefix: '' },
            noncurrentVersionExpiration: { noncurrentDays: NONCURRENT_DAYS },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ],
      },
      { ...within, dependsOn: [versioning] },
    )
    this.bucket = bucket.bucket
    this.arn = bucket.arn
    this.verdictsUrl = pulumi.interpolate`s3://${bucket.bucket}/${VERDICTS}`
    this.registerOutputs({ bucket: this.bucket })
  }
}

const tlsOnly = (bucketArn: pulumi.Output<string>) =>
  pulumi.jsonStringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [bucketArn, pulumi.interpolate`${bucketArn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  })
