import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Runtime } from './runtime.ts'

export interface AlarmTopicArgs {
  runtime: Pick<Runtime, 'stack' | 'region' | 'accountId' | 'keyArn'>
  /** who is told, and has to confirm it once; '' = nobody yet: subscribe to the topic */
  email: string
}

/**
 * Where alarms go. The topic is encrypted with the stack's key, whose policy has to let cloudwatch.amazonaws.com use it
 * (kms:Decrypt, kms:GenerateDataKey): without that, alarms change their state and nobody hears of it.
 */
export class AlarmTopic extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>

  constructor(
    name: string,
    { runtime, email }: AlarmTopicArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super('orderup:observability:AlarmTopic', name, {}, opts)
    const { stack, region, accountId, keyArn } = runtime
    const within = { parent: this }
    const topic = new aws.sns.Topic(
      name,
      { displayName: `Order-Up ${stack}`, kmsMasterKeyId: keyArn },
      within,
    )
    new aws.sns.TopicPolicy(
      name,
      {
        arn: topic.arn,
        policy: pulumi.jsonStringify({
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'Alarms',
              Effect: 'Allow',
              Principal: { Service: 'cloudwatch.amazonaws.com' },
              Action: 'sns:Publish',
              Resource: topic.arn,
              Condition: {
                StringEquals: { 'aws:SourceAccount': accountId },
                ArnLike: {
                  'aws:SourceArn': pulumi.interpolate`arn:aws:cloudwatch:${region}:${accountId}:alarm:*`,
                },
              },
            },
          ],
        }),
      },
      within,
    )
    if (email !== '')
      new aws.sns.TopicSubscription(
        name,
        { topic: topic.arn, protocol: 'email', endpoint: email },
        within,
      )
    this.arn = topic.arn
    this.registerOutputs({ arn: this.arn })
  }
}
