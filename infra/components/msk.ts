import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Output } from '@pulumi/pulumi'
import { MSK_KAFKA_VERSION } from '@order-up/control'
import { brokerProperties } from '../plan/broker.ts'
import type { KafkaClusterArgs } from './kafka.ts'
import { logGroup } from './log-group.ts'

/** Of MSK's listener with IAM login, the only one that is open. */
export const IAM_PORT = 9098

/** Storage grows when it is this full, at most once in six hours. */
const GROW_AT_PERCENT = 60
/** Then growing has not helped, or has come to its limit. */
const ALARM_AT_PERCENT = 80

/** Provisioned MSK with standard brokers: in private subnets, IAM login over TLS, everything encrypted by our key. */
export class MskCluster extends pulumi.ComponentResource {
  readonly clusterArn: Output<string>
  /** as its metrics have it */
  readonly clusterName: Output<string>
  /** host:port of the IAM listener, separated by commas */
  readonly brokers: Output<string>
  readonly securityGroupId: Output<string>

  constructor(name: string, args: KafkaClusterArgs, opts: pulumi.ComponentResourceOptions) {
    super('orderup:kafka:MskCluster', name, {}, opts)
    const { runtime, sizes } = args
    const { broker, replicationFactor } = sizes
    const within = { parent: this }

    const group = this.#securityGroup(name, args)
    const configuration = new aws.msk.Configuration(
      name,
      {
        kafkaVersions: [MSK_KAFKA_VERSION],
        serverProperties: brokerProperties(replicationFactor),
        description: `Brokers of Order-Up, ${runtime.stack}`,
      },
      within,
    )
    const logs = logGroup(`${name}-brokers`, runtime, within)
    const cluster = new aws.msk.Cluster(
      name,
      {
        kafkaVersion: MSK_KAFKA_VERSION,
        numberOfBrokerNodes: broker.count,
        brokerNodeGroupInfo: {
          instanceType: broker.instanceType,
          clientSubnets: runtime.subnetIds,
          securityGroups: [group.id],
          storageInfo: { ebsStorageInfo: { volumeSize: broker.storageGiB } },
          connectivityInfo: { publicAccess: { type: 'DISABLED' } },
        },
        storageMode: broker.tieredStorage ? 'TIERED' : 'LOCAL',
        clientAuthentication: { sasl: { iam: true, scram: false }, unauthenticated: false },
        encryptionInfo: {
          encryptionAtRestKmsKeyArn: runtime.keyArn,
          encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
        },
        configurationInfo: { arn: configuration.arn, revision: configuration.latestRevision },
        loggingInfo: {
          brokerLogs: { cloudwatchLogs: { enabled: true, logGroup: logs.name } },
        },
        // free of charge, with disks, lag and partitions under their min ISR; by topic, each figure would cost
        enhancedMonitoring: 'DEFAULT',
      },
      {
        ...within,
        protect: runtime.protect,
        retainOnDelete: runtime.protect,
        // autoscaling's business; MSK can't make it smaller again
        ignoreChanges: ['brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize'],
      },
    )
    this.#growStorage(name, cluster.arn, broker.maxStorageGiB)
    this.#watchDisks(name, cluster.clusterName, args)

    this.clusterArn = cluster.arn
    this.clusterName = cluster.clusterName
    this.brokers = cluster.bootstrapBrokersSaslIam
    this.securityGroupId = group.id
    this.registerOutputs({ clusterArn: this.clusterArn })
  }

  #securityGroup(name: string, { runtime, polledByLambda }: KafkaClusterArgs) {
    const within = { parent: this }
    const group = new aws.ec2.SecurityGroup(
      `${name}-brokers`,
      {
        vpcId: runtime.vpcId,
        description: 'Brokers of Order-Up',
        tags: { Name: `order-up-${runtime.stack}-brokers` },
      },
      within,
    )
    const kafka = { ipProtocol: 'tcp', fromPort: IAM_PORT, toPort: IAM_PORT }
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-brokers-workers`,
      {
        securityGroupId: group.id,
        description: 'Workers, over TLS with IAM login',
        referencedSecurityGroupId: runtime.workerSecurityGroupId,
        ...kafka,
      },
      within,
    )
    if (polledByLambda) {
      const itself = { securityGroupId: group.id, referencedSecurityGroupId: group.id, ...kafka }
      const description = 'Pollers of Lambda, which stand in this group'
      new aws.vpc.SecurityGroupIngressRule(
        `${name}-brokers-pollers`,
        { ...itself, description },
        within,
      )
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-brokers-pollers`,
        { ...itself, description },
        within,
      )
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-brokers-pollers-443`,
        {
          securityGroupId: group.id,
          description: 'Pollers of Lambda call Lambda and STS',
          cidrIpv4: '0.0.0.0/0',
          ipProtocol: 'tcp',
          fromPort: 443,
          toPort: 443,
        },
        within,
      )
    }
    return group
  }

  #growStorage(name: string, clusterArn: Output<string>, maxStorageGiB: number): void {
    const within = { parent: this }
    const target = new aws.appautoscaling.Target(
      name,
      {
        serviceNamespace: 'kafka',
        scalableDimension: 'kafka:broker-storage:VolumeSize',
        resourceId: clusterArn,
        // storage never shrinks: MSK wants a least of 1
        minCapacity: 1,
        maxCapacity: maxStorageGiB,
      },
      within,
    )
    new aws.appautoscaling.Policy(
      name,
      {
        serviceNamespace: target.serviceNamespace,
        scalableDimension: target.scalableDimension,
        resourceId: target.resourceId,
        policyType: 'TargetTrackingScaling',
        targetTrackingScalingPolicyConfiguration: {
          predefinedMetricSpecification: {
            predefinedMetricType: 'KafkaBrokerStorageUtilization',
          },
          targetValue: GROW_AT_PERCENT,
          disableScaleIn: true,
        },
      },
      within,
    )
  }

  /** One alarm for each broker: MSK has no figure for all, and a full disk stops its broker. */
  #watchDisks(
    name: string,
    clusterName: Output<string>,
    { sizes, alarmTopicArn }: KafkaClusterArgs,
  ): void {
    for (let id = 1; id <= sizes.broker.count; id++)
      new aws.cloudwatch.MetricAlarm(
        `${name}-disk-${id}`,
        {
          alarmDescription: `The disk of broker ${id} is over ${ALARM_AT_PERCENT} % full, or not measured. Has storage reached its maximum? Raise maxStorageGiB in infra/plan/sizes.ts.`,
          namespace: 'AWS/Kafka',
          metricName: 'KafkaDataLogsDiskUsed',
          dimensions: { 'Cluster Name': clusterName, 'Broker ID': String(id) },
          statistic: 'Maximum',
          period: 300,
          evaluationPeriods: 3,
          comparisonOperator: 'GreaterThanThreshold',
          threshold: ALARM_AT_PERCENT,
          treatMissingData: 'breaching',
          alarmActions: [alarmTopicArn],
          okActions: [alarmTopicArn],
        },
        { parent: this },
      )
  }
}
