import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'

export interface PrivateBucketArgs {
  /** begins the bucket's name in S3 */
  bucketName: string
  keyArn: pulumi.Input<string>
  /** whether a destroyed stack takes what is in it along; default false */
  forceDestroy?: boolean
}

/**
 * A bucket that is private, encrypted by our key, reached over TLS only and versioned, so that neither a bug nor a person
 * overwrites the only copy.
 * @param within of what is about the bucket
 * @param kept of the bucket itself
 * @returns the bucket, and its versioning, which lifecycle rules wait for
 */
export function privateBucket(
  name: string,
  { bucketName, keyArn, forceDestroy = false }: PrivateBucketArgs,
  within: pulumi.CustomResourceOptions,
  kept: pulumi.CustomResourceOptions,
) {
  const bucket = new aws.s3.Bucket(bucketName, { forceDestroy }, { ...within, ...kept })
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
          applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: keyArn },
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
  return { bucket, versioning }
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
