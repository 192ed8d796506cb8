import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Input, Output } from '@pulumi/pulumi'
import type { Settings } from '../config.ts'
import { portsOf } from '../plan/broker.ts'
import { IAM_PORT, MskCluster } from './msk.ts'
import type { KafkaAccess, Runtime } from './runtime.ts'

export interface KafkaClusterArgs {
  runtime: Pick<
    Runtime,
    | 'stack'
    | 'keyArn'
    | 'protect'
    | 'logRetentionDays'
    | 'vpcId'
    | 'subnetIds'
    | 'workerSecurityGroupId'
  >
  kafka: Settings['kafka']
  sizes: Pick<Settings['sizes'], 'broker' | 'replicationFactor'>
  /** the sink is a function: what polls Kafka for it stands in the brokers' security group */
  polledByLambda: boolean
  /** ARN of the topic that is told of full disks */
  alarmTopicArn: Input<string>
}

/**
 * The cluster: MSK of our own, MSK that exists, or any other Kafka; workers see no difference but in how they log in.
 *
 * MSK Serverless is not offered. There, `retention.bytes` is 250 GiB by default and min.insync.replicas can't be set, so
 * that raw would not be kept for ever and an acknowledged record could be lost; Kafka Streams can't make its changelogs;
 * and it has neither a key of ours, nor broker logs, nor a version that the tests could run on.
 */
export class KafkaCluster extends pulumi.ComponentResource {
  readonly access: KafkaAccess
  /** what dashboard and alarms need, where it is MSK */
  readonly watched: { kafka?: { clusterName: Output<string>; brokers?: number } }

  constructor(name: string, args: KafkaClusterArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super('orderup:kafka:KafkaCluster', name, {}, opts)
    const { kafka, runtime } = args
    switch (kafka.kind) {
      case 'msk': {
        const cluster = new MskCluster(name, args, { parent: this })
        this.#letOut(name, runtime.workerSecurityGroupId, IAM_PORT, cluster.securityGroupId)
        this.access = {
          brokers: cluster.brokers,
          security: 'msk-iam',
          clusterArn: cluster.clusterArn,
        }
        this.watched = {
          kafka: { clusterName: cluster.clusterName, brokers: args.sizes.broker.count },
        }
        break
      }
      case 'existing-msk': {
        for (const port of portsOf(kafka.brokers)) {
          new aws.vpc.SecurityGroupIngressRule(
            `${name}-${port}`,
            {
              securityGroupId: kafka.securityGroupId,
              description: `Workers of Order-Up, ${runtime.stack}`,
              referencedSecurityGroupId: runtime.workerSecurityGroupId,
              ipProtocol: 'tcp',
              fromPort: port,
              toPort: port,
            },
            { parent: this },
          )
          this.#letOut(name, runtime.workerSecurityGroupId, port, kafka.securityGroupId)
        }
        this.access = {
          brokers: pulumi.output(kafka.brokers.join(',')),
          security: 'msk-iam',
          clusterArn: pulumi.output(kafka.clusterArn),
        }
        // arn:…:cluster/<name>/<uuid>
        this.watched = {
          kafka: { clusterName: pulumi.output(kafka.clusterArn.split('/')[1] ?? '') },
        }
        break
      }
      case 'other':
        for (const port of portsOf(kafka.brokers))
          this.#letOut(name, runtime.workerSecurityGroupId, port)
        this.access = {
          brokers: pulumi.output(kafka.brokers.join(',')),
          security: kafka.auth,
          ...(kafka.secretArn !== undefined && { secretArn: kafka.secretArn }),
        }
        this.watched = {}
    }
    this.registerOutputs({ brokers: this.access.brokers })
  }

  /** @param to a security group; default: anywhere, where the brokers' addresses are not known */
  #letOut(name: string, from: Input<string>, port: number, to?: Input<string>): void {
    if (to === undefined && port === 443) return // the workers may do that anyway
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-workers-${port}`,
      {
        securityGroupId: from,
        description: 'Kafka',
        ...(to === undefined ? { cidrIpv4: '0.0.0.0/0' } : { referencedSecurityGroupId: to }),
        ipProtocol: 'tcp',
        fromPort: port,
        toPort: port,
      },
      { parent: this },
    )
  }
}
