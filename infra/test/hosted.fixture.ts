import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import { Subject } from '../providers/subject.ts'

/** A small program for the language host's test: one of everything that the host has to see. */

class Store extends pulumi.ComponentResource {
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super('orderup:test:Store', name, {}, opts)
    const bucket = new aws.s3.Bucket(
      name,
      {},
      { parent: this, protect: true, retainOnDelete: true },
    )
    new aws.s3.BucketPolicy(name, { bucket: bucket.id, policy: bucket.arn }, { parent: this })
    this.registerOutputs()
  }
}

const store = new Store('store')
const config = new pulumi.Config()
if (config.get('fail')) throw new Error('made to fail')
new Subject(
  'subject',
  { functionName: config.get('functionName')!, region: 'eu-west-1', subject: 's', schemas: [] },
  { dependsOn: store },
)

export const account = aws.getCallerIdentityOutput().accountId
