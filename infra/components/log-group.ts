import * as aws from '@pulumi/aws'
import type { CustomResourceOptions } from '@pulumi/pulumi'
import type { Runtime } from './runtime.ts'

/**
 * An encrypted log group with the tier's retention. Where `protect` is on, it outlives what wrote to it, until its lines
 * expire: why an engine was retired can still be read. It is not protected itself, which would stop the retirement.
 */
export const logGroup = (
  name: string,
  { keyArn, logRetentionDays, protect }: Pick<Runtime, 'keyArn' | 'logRetentionDays' | 'protect'>,
  opts: CustomResourceOptions,
): aws.cloudwatch.LogGroup =>
  new aws.cloudwatch.LogGroup(
    name,
    { kmsKeyId: keyArn, retentionInDays: logRetentionDays },
    { ...opts, retainOnDelete: protect },
  )
