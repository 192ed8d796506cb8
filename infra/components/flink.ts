import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { DeploymentId, Proof } from '@order-up/control'
import { flinkJar } from '../build/artifacts.ts'
import { TRANSACTION_MAX_TIMEOUT_MS } from '../plan/broker.ts'
import { kafkaStatements, type Statement } from '../plan/grants.ts'
import { flinkApplicationPrefix } from './control-function.ts'
import type { EngineArgs, RunningEngine } from './engine.ts'
import { logGroup } from './log-group.ts'
import { passwordStatements, policyDocument, trustOf } from './policies.ts'
import type { Runtime } from './runtime.ts'

/**
 * The group of properties in which the job finds what other workers find in their environment, by the same names. How
 * to checkpoint and how parallel to be is the application's own configuration, which the job leaves as it is.
 */
const PROPERTY_GROUP = 'order-up'

/**
 * An engine on Managed Service for Apache Flink. A new jar is a new object in S3, and the application goes on from the
 * snapshot that stopping it for the update takes. It is never replaced: a replaced application loses its snapshots.
 * @throws Error where the jar is not built
 */
export function flinkApplication(
  name: string,
  { runtime, deployment, settings }: EngineArgs,
  parent: pulumi.Resource,
): RunningEngine {
  const within = { parent }
  const bucket = settings.bootstrap.artifactBucket
  const { path, sha256 } = flinkJar()
  const { parallelism, checkpointIntervalMs } = settings.sizes.flink

  const jar = new aws.s3.BucketObjectv2(
    `${name}-jar`,
    {
      bucket,
      key: `flink/${sha256}.jar`,
      source: new pulumi.asset.FileAsset(path),
      serverSideEncryption: 'aws:kms',
      kmsKeyId: runtime.keyArn,
    },
    // kept: what runs until the update, what one goes back to, and what the other generation runs may be the same object
    { ...within, retainOnDelete: true },
  )
  const logs = logGroup(name, runtime, within)
  const stream = new aws.cloudwatch.LogStream(name, { logGroupName: logs.name }, within)
  const role = new aws.iam.Role(
    name,
    { assumeRolePolicy: trustOf('kinesisanalytics.amazonaws.com', runtime.accountId) },
    within,
  )
  const policy = new aws.iam.RolePolicy(
    name,
    {
      role: role.name,
      policy: policyDocument(
        jarStatements(bucket, runtime.keyArn),
        logStatements(runtime, logs),
        networkStatements(runtime),
        runtime.kafka.clusterArn?.apply((arn) => kafkaStatements(arn, deployment)) ?? [],
        // Managed Flink hands no secrets over: the job reads it itself
        passwordStatements(runtime.kafka),
      ),
    },
    within,
  )
  const application = new aws.kinesisanalyticsv2.Application(
    // begins its physical name, by which the control function may look at it
    `${flinkApplicationPrefix(runtime.stack)}${deployment.slice(-1)}`,
    {
      description: `Order-Up: engine ${deployment}`,
      runtimeEnvironment: 'FLINK-2_2',
      applicationMode: 'STREAMING',
      serviceExecutionRole: role.arn,
      startApplication: true,
      // stopping takes a snapshot
      forceStop: false,
      cloudwatchLoggingOptions: { logStreamArn: stream.arn },
      applicationConfiguration: {
        applicationCodeConfiguration: {
          codeContentType: 'ZIPFILE',
          codeContent: {
            s3ContentLocation: { bucketArn: `arn:aws:s3:::${bucket}`, fileKey: jar.key },
          },
        },
        // checkpoints and snapshots hold orders; the key's own policy has to let Managed Flink use it
        applicationEncryptionConfiguration: {
          keyType: 'CUSTOMER_MANAGED_KEY',
          keyId: runtime.keyArn,
        },
        // nothing said of what to start from: Flink's own default is the latest snapshot, and none the first time
        applicationSnapshotConfiguration: { snapshotsEnabled: true },
        environmentProperties: {
          propertyGroups: [
            { propertyGroupId: PROPERTY_GROUP, propertyMap: propertiesOf(runtime, deployment) },
          ],
        },
        flinkApplicationConfiguration: {
          checkpointConfiguration: {
            configurationType: 'CUSTOM',
            checkpointingEnabled: true,
            checkpointInterval: checkpointIntervalMs,
            // rows come to light with a checkpoint, so the next one may follow at once
            minPauseBetweenCheckpoints: 0,
          },
          monitoringConfiguration: {
            configurationType: 'CUSTOM',
            logLevel: 'INFO',
            metricsLevel: 'TASK',
          },
          parallelismConfiguration: {
            configurationType: 'CUSTOM',
            parallelism,
            parallelismPerKpu: 1,
            // It would restart the job, and move the version that a proof is about, whenever it liked.
            autoScalingEnabled: false,
          },
        },
        vpcConfiguration: {
          subnetIds: runtime.subnetIds,
          securityGroupIds: [runtime.workerSecurityGroupId],
        },
      },
    },
    { ...within, dependsOn: [policy] },
  )
  return {
    proof: pulumi
      .all([application.name, application.versionId])
      .apply(([name, versionId]): Proof => ({
        deployment,
        kind: 'flink',
        application: name,
        versionId,
      })),
    artifact: pulumi.output(`sha256:${sha256}`),
    physicalName: application.name,
    logGroupName: logs.name,
  }
}

const propertiesOf = (
  { region, kafka, registryUrl }: Runtime,
  deployment: DeploymentId,
): Record<string, pulumi.Input<string>> => ({
  DEPLOYMENT: deployment,
  AWS_REGION: region,
  KAFKA_BROKERS: kafka.brokers,
  KAFKA_SECURITY: kafka.security,
  ...(kafka.secretArn !== undefined && { KAFKA_SECRET_ARN: kafka.secretArn }),
  SCHEMA_REGISTRY_URL: registryUrl,
  TRANSACTION_TIMEOUT_MS: String(TRANSACTION_MAX_TIMEOUT_MS),
})

const jarStatements = (bucket: string, keyArn: string): Statement[] => [
  {
    Sid: 'Jar',
    Effect: 'Allow',
    Action: ['s3:GetObject', 's3:GetObjectVersion'],
    Resource: [`arn:aws:s3:::${bucket}/flink/*`],
  },
  { Sid: 'Decrypt', Effect: 'Allow', Action: ['kms:Decrypt'], Resource: [keyArn] },
]

const logStatements = (
  { region, accountId }: Runtime,
  logs: aws.cloudwatch.LogGroup,
): pulumi.Output<Statement[]> =>
  pulumi.all([accountId, logs.arn]).apply(([account, arn]): Statement[] => [
    {
      Sid: 'Log',
      Effect: 'Allow',
      Action: ['logs:DescribeLogStreams', 'logs:PutLogEvents'],
      Resource: [`${arn}:*`],
    },
    {
      Sid: 'FindLog',
      Effect: 'Allow',
      Action: ['logs:DescribeLogGroups'],
      Resource: [`arn:aws:logs:${region}:${account}:log-group:*`],
    },
  ])

/** What Managed Flink asks of a role to put an application into a VPC. EC2's Describe actions know no resources. */
const networkStatements = ({ region, accountId }: Runtime) =>
  accountId.apply((account): Statement[] => {
    const here = `arn:aws:ec2:${region}:${account}`
    return [
      {
        Sid: 'NetworkInterfaces',
        Effect: 'Allow',
        Action: [
          'ec2:CreateNetworkInterface',
          'ec2:CreateNetworkInterfacePermission',
          'ec2:DeleteNetworkInterface',
        ],
        Resource: [`${here}:network-interface/*`, `${here}:subnet/*`, `${here}:security-group/*`],
      },
      {
        Sid: 'FindNetwork',
        Effect: 'Allow',
        Action: [
          'ec2:DescribeDhcpOptions',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeVpcs',
        ],
        Resource: ['*'],
      },
    ]
  })
