import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Input, Output } from '@pulumi/pulumi'
import type { Runtime } from './runtime.ts'

export interface RegistryFrontArgs {
  runtime: Pick<Runtime, 'stack' | 'protect' | 'vpcId' | 'subnetIds' | 'workerSecurityGroupId'>
  hostname: string
  /** of ACM, for that name */
  certificateArn: string
  /** of the container */
  port: number
  healthPath: string
  targetSecurityGroupId: Input<string>
}

/** TLS before the registry: an internal load balancer, and a private zone of its name alone, so that nothing else of the domain is hidden. */
export class RegistryFront extends pulumi.ComponentResource {
  readonly targetGroupArn: Output<string>

  constructor(name: string, args: RegistryFrontArgs, opts: pulumi.ComponentResourceOptions) {
    super('orderup:registry:Front', name, {}, opts)
    const { runtime, port } = args
    const within = { parent: this }

    const group = new aws.ec2.SecurityGroup(
      `${name}-front`,
      { vpcId: runtime.vpcId, description: 'TLS before the schema registry' },
      within,
    )
    const tcp = (number: number) => ({ ipProtocol: 'tcp', fromPort: number, toPort: number })
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-front-workers`,
      {
        securityGroupId: group.id,
        referencedSecurityGroupId: runtime.workerSecurityGroupId,
        description: 'workers',
        ...tcp(443),
      },
      within,
    )
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-front`,
      {
        securityGroupId: group.id,
        referencedSecurityGroupId: args.targetSecurityGroupId,
        description: 'the registry',
        ...tcp(port),
      },
      within,
    )
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-front`,
      {
        securityGroupId: args.targetSecurityGroupId,
        referencedSecurityGroupId: group.id,
        description: 'its load balancer',
        ...tcp(port),
      },
      within,
    )
    const balancer = new aws.lb.LoadBalancer(
      name,
      {
        internal: true,
        loadBalancerType: 'application',
        subnets: runtime.subnetIds,
        securityGroups: [group.id],
        dropInvalidHeaderFields: true,
        enableDeletionProtection: runtime.protect,
      },
      within,
    )
    const targets = new aws.lb.TargetGroup(
      name,
      {
        vpcId: runtime.vpcId,
        targetType: 'ip',
        protocol: 'HTTP',
        port,
        deregistrationDelay: 30,
        healthCheck: { path: args.healthPath, matcher: '200', interval: 15 },
      },
      within,
    )
    const listener = new aws.lb.Listener(
      name,
      {
        loadBalancerArn: balancer.arn,
        protocol: 'HTTPS',
        port: 443,
        sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
        certificateArn: args.certificateArn,
        defaultActions: [{ type: 'forward', targetGroupArn: targets.arn }],
      },
      within,
    )
    const zone = new aws.route53.Zone(
      name,
      { name: args.hostname, vpcs: [{ vpcId: runtime.vpcId }] },
      within,
    )
    new aws.route53.Record(
      name,
      {
        zoneId: zone.zoneId,
        name: args.hostname,
        type: 'A',
        aliases: [{ name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: true }],
      },
      within,
    )
    // ECS refuses a target group before a listener leads to it
    this.targetGroupArn = pulumi.all([targets.arn, listener.arn]).apply(([arn]) => arn)
    this.registerOutputs()
  }
}
