import type { Input, Output } from '@pulumi/pulumi'

/** How workers reach Kafka. */
export interface KafkaAccess {
  /** host:port, separated by commas */
  brokers: Output<string>
  /** the workers' KAFKA_SECURITY */
  security: 'msk-iam' | 'tls' | 'scram'
  /** of MSK, where IAM grants apply; undefined elsewhere */
  clusterArn?: Output<string>
  /** {"username": …, "password": …}, with scram */
  secretArn?: string
}

/** What every worker is put into: made once by index.ts and handed to each component. */
export interface Runtime {
  stack: string
  region: string
  /** of the AWS account */
  accountId: Output<string>
  /** of the bootstrap stage; encrypts whatever a worker keeps */
  keyArn: string
  protect: boolean
  logRetentionDays: number
  vpcId: Input<string>
  /** private */
  subnetIds: Input<Input<string>[]>
  /** every worker is in it; brokers, registry and endpoints let it in */
  workerSecurityGroupId: Input<string>
  ecsClusterArn: Input<string>
  ecsClusterName: Input<string>
  kafka: KafkaAccess
  registryUrl: Input<string>
}
