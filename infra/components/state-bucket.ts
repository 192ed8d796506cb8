import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Statement } from '../plan/grants.ts'
import { privateBucket } from './private-bucket.ts'
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
 * One bucket for what outlives a worker: the engines' snapshots and the comparer's verdicts.
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

    const { bucket, versioning } = privateBucket(
      name,
      {
        bucketName: `order-up-${runtime.stack}-${name}`,
        keyArn: runtime.keyArn,
        // where nothing is protected, a destroyed stack leaves nothing behind
        forceDestroy: !protect,
      },
      within,
      { protect, retainOnDelete: protect },
    )
    new aws.s3.BucketLifecycleConfiguration(
      name,
      {
        bucket: bucket.bucket,
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

/** To read verdicts, one that is not there too; to decrypt them is asked for besides. */
export const toReadVerdicts = ({ arn }: StateBucket): pulumi.Output<Statement[]> =>
  arn.apply((bucket): Statement[] => [
    {
      Sid: 'Verdicts',
      Effect: 'Allow',
      Action: ['s3:GetObject'],
      Resource: [`${bucket}/${VERDICTS}/*`],
    },
    {
      // So that a verdict that is not there is "not found" rather than "forbidden". Asked for that, S3 knows no prefix that
      // a condition could be about.
      Sid: 'SeeWhatIsNotThere',
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [bucket],
    },
  ])
