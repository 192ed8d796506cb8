import * as aws from '@pulumi/aws'
import { AlarmTopic } from './components/alarm-topic.ts'
import { Compute } from './components/compute.ts'
import { KafkaCluster } from './components/kafka.ts'
import { Network } from './components/network.ts'
import { SchemaRegistry } from './components/registry.ts'
import type { Runtime } from './components/runtime.ts'
import { Topics } from './components/topics.ts'
import type { Settings } from './config.ts'

/** Where everything runs, and what everything goes through: network, cluster, topics, registry. */
export function platform(settings: Settings) {
  const { stack, region, protect, sizes } = settings
  const home = {
    stack,
    region,
    accountId: aws.getCallerIdentityOutput({}).accountId,
    keyArn: settings.bootstrap.keyArn,
    protect,
    logRetentionDays: sizes.logRetentionDays,
  }
  const network = new Network('network', {
    runtime: home,
    network: settings.network,
    zones: sizes.zones,
  })
  const { vpcId, subnetIds, workerSecurityGroupId } = network
  const inside = { ...home, vpcId, subnetIds, workerSecurityGroupId }
  const compute = new Compute('compute', { runtime: inside })
  const { ecsClusterArn, ecsClusterName } = compute
  const place = { ...inside, ecsClusterArn, ecsClusterName }
  const alarmTopic = new AlarmTopic('alarms', { runtime: home, email: settings.alarmEmail })

  const kafka = new KafkaCluster('kafka', {
    runtime: place,
    kafka: settings.kafka,
    sizes,
    polledByLambda: settings.sink === 'lambda',
    alarmTopicArn: alarmTopic.arn,
  })
  const { access } = kafka
  const topics = new Topics('topics', { settings, kafka: access })
  const registry = new SchemaRegistry('registry', {
    runtime: place,
    settings,
    namespace: compute.namespace,
  })
  const runtime: Runtime = { ...place, kafka: access, registryUrl: registry.url }
  /** what there is to watch of it, where it is ours */
  const watched = { ...kafka.watched, ...registry.watched }
  return { runtime, topics, registry, alarmTopic, watched }
}
