import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import { CURATED_TOPIC, SINK_GROUP } from '@order-up/schemas'
import type { Statement } from '../plan/grants.ts'
import { LambdaWorker } from './lambda-worker.ts'
import type { Runtime } from './runtime.ts'
import type { SinkArgs } from './sink.ts'

/** Lambda's most for a function that reads Kafka; a MERGE that takes longer is delivered again. */
const TIMEOUT_S = 840
/** Lambda's most, and an event is 6 MB at most: fewer, larger MERGEs cost less. */
const BATCH_ROWS = 10_000
const BATCHING_S = 1

/**
 * The sink as a Lambda. Lambda's pollers read curated in provisioned mode, which alone lets it answer per partition
 * (ReportBatchItemFailures) and try for ever. One poller and one execution: one MERGE at a time. Never a failure
 * destination: with one, "for ever" becomes ten retries, and then a record is skipped.
 *
 * The pollers get into MSK's subnets by the cluster's own security group, which therefore has to let itself in. They need
 * no way to AWS's services there, as those of the on-demand mode would.
 */
export function sinkFunction(
  name: string,
  { runtime, settings, warehouse }: SinkArgs,
  opts: pulumi.CustomResourceOptions,
): LambdaWorker {
  const worker = new LambdaWorker(
    name,
    {
      runtime,
      bundle: 'sink',
      description: 'Order-Up: merges curated rows into the warehouse',
      memory: settings.sizes.sink.memory,
      timeoutS: TIMEOUT_S,
      concurrency: 1,
      env: {
        ...warehouse.env,
        SNOWFLAKE_PRIVATE_KEY_SECRET_ARN: warehouse.keySecretArn,
      },
      kafka: 'sink',
      statements: pulumi
        .all([keyStatements(warehouse.keySecretArn), pollerStatements(runtime)])
        .apply((lists) => lists.flat()),
    },
    opts,
  )
  new aws.lambda.EventSourceMapping(
    name,
    {
      functionName: worker.functionArn,
      ...sourceOf(runtime),
      topics: [CURATED_TOPIC],
      startingPosition: 'TRIM_HORIZON',
      batchSize: BATCH_ROWS,
      maximumBatchingWindowInSeconds: BATCHING_S,
      provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 1 },
      functionResponseTypes: ['ReportBatchItemFailures'],
      maximumRetryAttempts: -1,
      maximumRecordAgeInSeconds: -1,
    },
    opts,
  )
  return worker
}

/** MSK by its ARN, with IAM by the function's role; another Kafka by its brokers and a password. */
function sourceOf({
  kafka,
  subnetIds,
  workerSecurityGroupId,
}: Runtime): Partial<aws.lambda.EventSourceMappingArgs> {
  const group = { consumerGroupId: SINK_GROUP }
  const { clusterArn, brokers, secretArn } = kafka
  if (clusterArn !== undefined)
    return { eventSourceArn: clusterArn, amazonManagedKafkaEventSourceConfig: group }
  const password = secretArn === undefined ? [] : [{ type: 'SASL_SCRAM_512_AUTH', uri: secretArn }]
  return {
    selfManagedEventSource: { endpoints: { KAFKA_BOOTSTRAP_SERVERS: brokers } },
    selfManagedKafkaEventSourceConfig: group,
    sourceAccessConfigurations: pulumi
      .all([subnetIds, workerSecurityGroupId])
      .apply(([subnets, securityGroup]) => [
        ...password,
        ...subnets.map((subnet) => ({ type: 'VPC_SUBNET', uri: `subnet:${subnet}` })),
        { type: 'VPC_SECURITY_GROUP', uri: `security_group:${securityGroup}` },
      ]),
  }
}

const keyStatements = (secretArn: pulumi.Output<string>) =>
  secretArn.apply((arn): Statement[] => [
    {
      Sid: 'ServiceKey',
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue'],
      Resource: [arn],
    },
  ])

/** What Lambda's pollers ask of the function's role, besides what it is granted in Kafka as the sink. */
const pollerStatements = ({ kafka }: Runtime): pulumi.Input<Statement[]> => {
  const findNetwork: Statement = {
    Sid: 'FindNetwork',
    Effect: 'Allow',
    Action: ['ec2:DescribeVpcs', 'ec2:DescribeSecurityGroups'],
    Resource: ['*'],
  }
  return (
    kafka.clusterArn?.apply((arn): Statement[] => [
      findNetwork,
      {
        Sid: 'FindCluster',
        Effect: 'Allow',
        Action: ['kafka:DescribeClusterV2'],
        Resource: [arn],
      },
      {
        // the action knows no resources: granted on the cluster, it would not be granted
        Sid: 'FindBrokers',
        Effect: 'Allow',
        Action: ['kafka:GetBootstrapBrokers'],
        Resource: ['*'],
      },
      {
        Sid: 'ReadSettings',
        Effect: 'Allow',
        Action: ['kafka-cluster:DescribeClusterDynamicConfiguration'],
        Resource: [arn],
      },
    ]) ?? [findNetwork]
  )
}
