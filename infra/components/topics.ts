import * as aws from '@pulumi/aws'
import { Provider, Topic } from '@pulumi/kafka'
import * as pulumi from '@pulumi/pulumi'
import type { Settings } from '../config.ts'
import { cloudTopics, configsText, type CloudTopicOptions } from '../plan/topics.ts'
import type { KafkaAccess } from './runtime.ts'

export interface TopicsArgs {
  settings: Pick<Settings, 'kafka' | 'partitions' | 'sizes'>
  kafka: KafkaAccess
}

/**
 * Every topic of the contract, those of engines that do not run included. On MSK by its own topic API, which needs no way
 * to the brokers; elsewhere by @pulumi/kafka, which does.
 *
 * All are protected, in every stack, and stay where they are when they leave the program: fewer partitions, or another
 * name, would mean to delete them (@pulumi/kafka does just that). `pulumi state unprotect` first, to take a stack down.
 *
 * With SCRAM, @pulumi/kafka's plugin takes the password from the environment of whoever deploys, KAFKA_SASL_USERNAME and
 * KAFKA_SASL_PASSWORD: as an input of the provider it would be in Pulumi's state.
 */
export class Topics extends pulumi.ComponentResource {
  readonly names: readonly string[]

  constructor(
    name: string,
    { settings, kafka }: TopicsArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super('orderup:kafka:Topics', name, {}, opts)
    const kept = { parent: this, protect: true, retainOnDelete: true }
    const specs = cloudTopics(optionsOf(settings))
    this.names = specs.map((spec) => spec.name)
    const { clusterArn, brokers, security } = kafka
    if (clusterArn) {
      for (const { name: topic, partitions, replicationFactor, configs } of specs)
        new aws.msk.Topic(
          topic,
          {
            clusterArn,
            name: topic,
            partitionCount: partitions,
            replicationFactor,
            configs: configsText(configs),
          },
          kept,
        )
    } else {
      const provider = new Provider(
        name,
        {
          bootstrapServers: brokers.apply((list) => list.split(',')),
          tlsEnabled: true,
          skipTlsVerify: false, // else KAFKA_SKIP_VERIFY would decide
          ...(security === 'scram' && { saslMechanism: 'scram-sha512' }),
        },
        { parent: this },
      )
      for (const { name: topic, partitions, replicationFactor, configs } of specs)
        new Topic(
          topic,
          { name: topic, partitions, replicationFactor, config: configs },
          { ...kept, provider },
        )
    }
    this.registerOutputs({ names: this.names })
  }
}

/** Whether an MSK that exists has a lower tier is not asked: then its disks keep everything. */
const optionsOf = ({ kafka, partitions, sizes }: TopicsArgs['settings']): CloudTopicOptions => ({
  partitions,
  replicationFactor: kafka.kind === 'other' ? kafka.replicationFactor : sizes.replicationFactor,
  tiered: kafka.kind === 'msk' && sizes.broker.tieredStorage,
})
