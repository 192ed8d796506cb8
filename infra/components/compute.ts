import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Output } from '@pulumi/pulumi'
import type { Runtime } from './runtime.ts'

export interface ComputeArgs {
  runtime: Pick<Runtime, 'stack' | 'keyArn' | 'vpcId'>
}

/** Where containers run, and the private domain in which they find each other. */
export class Compute extends pulumi.ComponentResource {
  readonly ecsClusterArn: Output<string>
  readonly ecsClusterName: Output<string>
  /** order-up-<stack>.internal */
  readonly namespace: aws.servicediscovery.PrivateDnsNamespace

  constructor(name: string, { runtime }: ComputeArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super('orderup:compute:Compute', name, {}, opts)
    const within = { parent: this }
    const cluster = new aws.ecs.Cluster(
      name,
      {
        // it would cost more than the small tasks themselves; what matters of a worker is in its own metrics
        settings: [{ name: 'containerInsights', value: 'disabled' }],
        // the disks of the tasks, with orders on them, are under our key
        configuration: {
          managedStorageConfiguration: { fargateEphemeralStorageKmsKeyId: runtime.keyArn },
        },
      },
      within,
    )
    new aws.ecs.ClusterCapacityProviders(
      name,
      { clusterName: cluster.name, capacityProviders: ['FARGATE'] },
      within,
    )
    this.namespace = new aws.servicediscovery.PrivateDnsNamespace(
      name,
      { name: `order-up-${runtime.stack}.internal`, vpc: runtime.vpcId },
      within,
    )
    this.ecsClusterArn = cluster.arn
    this.ecsClusterName = cluster.name
    this.registerOutputs({ ecsClusterName: this.ecsClusterName })
  }
}
