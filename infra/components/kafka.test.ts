import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokerProperties } from '../plan/broker.ts'
import { KafkaCluster, type KafkaClusterArgs } from './kafka.ts'
import {
  KEY,
  MSK,
  PASSWORD,
  register,
  runtimeOf,
  settingsOf,
  type Registered,
} from './stack.fixture.ts'

const ALARMS = 'arn:aws:sns:eu-west-1:123456789012:alarms'

async function registerKafka(changed: Partial<KafkaClusterArgs> = {}, protect = false) {
  const { kafka, sizes } = settingsOf()
  return register(() => {
    const { access } = new KafkaCluster('kafka', {
      runtime: runtimeOf({ protect }),
      kafka,
      sizes,
      polledByLambda: false,
      alarmTopicArn: ALARMS,
      ...changed,
    })
    return access
  })
}

/** The brokers' security group. */
function brokersOf({ one }: Registered) {
  const { brokerNodeGroupInfo } = one('aws:msk/cluster:Cluster').inputs
  return (brokerNodeGroupInfo as { securityGroups: string[] }).securityGroups[0]
}

const rules = ({ all }: Registered, direction: 'Ingress' | 'Egress') =>
  all(`aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ inputs }) => {
      assert.match(inputs['description'] as string, /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/)
      const { securityGroupId, referencedSecurityGroupId, cidrIpv4, fromPort, toPort } = inputs
      assert.equal(fromPort, toPort)
      return [securityGroupId, referencedSecurityGroupId ?? cidrIpv4, fromPort]
    })

test('the cluster is private, is entered by IAM over TLS alone, and is encrypted by our key', async () => {
  const registered = await registerKafka()

  const {
    configurationInfo: _,
    brokerNodeGroupInfo,
    ...cluster
  } = registered.one('aws:msk/cluster:Cluster').inputs
  assert.deepEqual(cluster, {
    kafkaVersion: '4.1.x.kraft',
    numberOfBrokerNodes: 2,
    storageMode: 'LOCAL',
    clientAuthentication: { sasl: { iam: true, scram: false }, unauthenticated: false },
    encryptionInfo: {
      encryptionAtRestKmsKeyArn: KEY,
      encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
    },
    loggingInfo: { brokerLogs: { cloudwatchLogs: { enabled: true, logGroup: 'kafka-brokers' } } },
    enhancedMonitoring: 'DEFAULT',
  })
  assert.deepEqual(brokerNodeGroupInfo, {
    instanceType: 'kafka.t3.small',
    clientSubnets: ['subnet-1', 'subnet-2'],
    securityGroups: [brokersOf(registered)],
    storageInfo: { ebsStorageInfo: { volumeSize: 20 } },
    connectivityInfo: { publicAccess: { type: 'DISABLED' } },
  })
  const { serverProperties } = registered.one('aws:msk/configuration:Configuration').inputs
  assert.equal(serverProperties, brokerProperties(2))
})

test('only the workers come in, and they may go out to it', async () => {
  const registered = await registerKafka()
  const id = brokersOf(registered)

  assert.deepEqual(rules(registered, 'Ingress'), [[id, 'sg-1', 9098]])
  assert.deepEqual(rules(registered, 'Egress'), [['sg-1', id, 9098]])
})

test("where Lambda polls for the sink, its pollers stand in the brokers' group", async () => {
  const registered = await registerKafka({ polledByLambda: true })
  const id = brokersOf(registered)

  assert.deepEqual(rules(registered, 'Ingress'), [
    [id, id, 9098],
    [id, 'sg-1', 9098],
  ])
  assert.deepEqual(rules(registered, 'Egress'), [
    [id, id, 9098],
    [id, '0.0.0.0/0', 443],
    ['sg-1', id, 9098],
  ])
})

test('in prod it tiers its storage, and is neither deleted nor lost', async () => {
  const { sizes } = settingsOf({
    tier: 'prod',
    registry: { kind: 'existing', url: 'https://registry.example.com/apis/ccompat/v7' },
  })
  const { one, all } = await registerKafka({ sizes }, true)

  const cluster = one('aws:msk/cluster:Cluster')
  assert.deepEqual(
    [cluster.inputs['storageMode'], cluster.inputs['numberOfBrokerNodes']],
    ['TIERED', 3],
  )
  assert.deepEqual([cluster.protect, cluster.retainOnDelete], [true, true])
  assert.equal(all('aws:cloudwatch/metricAlarm:MetricAlarm').length, 3)
})

test('storage grows by itself up to a limit, and a deploy does not shrink it', async () => {
  const { one } = await registerKafka()

  const cluster = one('aws:msk/cluster:Cluster')
  assert.deepEqual(cluster.ignoreChanges, [
    'brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize',
  ])
  const { resourceId, ...target } = one('aws:appautoscaling/target:Target').inputs
  assert.match(resourceId as string, /^arn:aws:kafka:eu-west-1:123456789012:cluster\/kafka\//)
  assert.deepEqual(target, {
    serviceNamespace: 'kafka',
    scalableDimension: 'kafka:broker-storage:VolumeSize',
    minCapacity: 1,
    maxCapacity: 100,
  })
  const { targetTrackingScalingPolicyConfiguration: policy } = one(
    'aws:appautoscaling/policy:Policy',
  ).inputs
  assert.deepEqual(policy, {
    predefinedMetricSpecification: { predefinedMetricType: 'KafkaBrokerStorageUtilization' },
    targetValue: 60,
    disableScaleIn: true,
  })
})

test("each broker's disk is watched, and no measurement is no comfort", async () => {
  const { one } = await registerKafka()

  const { alarmDescription: _, ...alarm } = one(
    'aws:cloudwatch/metricAlarm:MetricAlarm',
    'kafka-disk-2',
  ).inputs
  assert.deepEqual(alarm, {
    namespace: 'AWS/Kafka',
    metricName: 'KafkaDataLogsDiskUsed',
    dimensions: { 'Cluster Name': 'kafka', 'Broker ID': '2' },
    statistic: 'Maximum',
    period: 300,
    evaluationPeriods: 3,
    comparisonOperator: 'GreaterThanThreshold',
    threshold: 80,
    treatMissingData: 'breaching',
    alarmActions: [ALARMS],
    okActions: [ALARMS],
  })
})

test('an MSK that exists gets one rule, and stays as it is', async () => {
  const registered = await registerKafka({
    kafka: {
      kind: 'existing-msk',
      clusterArn: MSK,
      brokers: ['b-1:9098', 'b-2:9098'],
      securityGroupId: 'sg-9',
    },
  })

  assert.deepEqual(rules(registered, 'Ingress'), [['sg-9', 'sg-1', 9098]])
  assert.deepEqual(rules(registered, 'Egress'), [['sg-1', 'sg-9', 9098]])
  assert.equal(registered.registrations.filter(({ custom }) => custom).length, 2)
  assert.deepEqual(registered.outputs, {
    brokers: 'b-1:9098,b-2:9098',
    security: 'msk-iam',
    clusterArn: MSK,
  })
})

test('another Kafka is only reached', async () => {
  const registered = await registerKafka({
    kafka: {
      kind: 'other',
      brokers: ['kafka-1:9093', 'kafka-2:9093'],
      auth: 'scram',
      secretArn: PASSWORD,
      replicationFactor: 3,
    },
  })

  assert.deepEqual(rules(registered, 'Egress'), [['sg-1', '0.0.0.0/0', 9093]])
  assert.equal(registered.registrations.filter(({ custom }) => custom).length, 1)
  assert.deepEqual(registered.outputs, {
    brokers: 'kafka-1:9093,kafka-2:9093',
    security: 'scram',
    secretArn: PASSWORD,
  })
})
