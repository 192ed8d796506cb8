import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Output } from '@pulumi/pulumi'
import type { Settings } from '../config.ts'
import type { Statement } from '../plan/grants.ts'
import { planSubnets } from '../plan/network.ts'
import { Endpoints } from './endpoints.ts'
import { logGroup } from './log-group.ts'
import { policyDocument, trustOf } from './policies.ts'
import type { Runtime } from './runtime.ts'

export interface NetworkArgs {
  runtime: Pick<
    Runtime,
    'stack' | 'region' | 'accountId' | 'keyArn' | 'protect' | 'logRetentionDays'
  >
  network: Settings['network']
  zones: 2 | 3
}

type OwnNetwork = Extract<Settings['network'], { kind: 'own' }>

/**
 * Where everything runs: a VPC of its own, or ids of an existing one, in which only the workers' security group is made.
 * What runs is in private subnets. Its way out is a NAT gateway (one, or one in each zone), or none at all: with
 * PrivateLink there is neither an internet gateway nor a public subnet.
 */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: Output<string>
  /** private, one in each zone */
  readonly subnetIds: Output<string[]>
  /**
   * Every worker is in it. Nothing may come in; out it may go over TLS, and to what other components let it (brokers,
   * registry).
   */
  readonly workerSecurityGroupId: Output<string>

  constructor(name: string, args: NetworkArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super('orderup:network:Network', name, {}, opts)
    const { network, runtime } = args
    const within = { parent: this }

    if (network.kind === 'existing') {
      this.vpcId = pulumi.output(network.vpcId)
      this.subnetIds = pulumi.output(network.subnetIds)
    } else {
      const vpc = new aws.ec2.Vpc(
        name,
        {
          cidrBlock: network.cidr,
          enableDnsHostnames: true,
          enableDnsSupport: true,
          tags: { Name: `order-up-${runtime.stack}` },
        },
        within,
      )
      // AWS makes it, with everything open among its members
      new aws.ec2.DefaultSecurityGroup(name, { vpcId: vpc.id, ingress: [], egress: [] }, within)
      this.#logFlows(name, vpc, runtime)
      const subnets = this.#subnets(name, vpc, network, args)
      this.vpcId = vpc.id
      this.subnetIds = pulumi.all(subnets.private.map(({ id }) => id))
      new Endpoints(
        name,
        {
          region: runtime.region,
          vpcId: vpc.id,
          vpcCidr: network.cidr,
          subnetIds: this.subnetIds,
          routeTableIds: subnets.routeTables.map(({ id }) => id),
          egress: network.egress,
          ...(network.snowflakeEndpointService !== undefined && {
            snowflakeService: network.snowflakeEndpointService,
          }),
        },
        within,
      )
    }
    this.workerSecurityGroupId = this.#workerSecurityGroup(name, runtime.stack)
    this.registerOutputs({
      vpcId: this.vpcId,
      subnetIds: this.subnetIds,
      workerSecurityGroupId: this.workerSecurityGroupId,
    })
  }

  #subnets(
    name: string,
    vpc: aws.ec2.Vpc,
    { cidr, egress }: OwnNetwork,
    { zones, runtime: { stack } }: NetworkArgs,
  ) {
    const within = { parent: this }
    const plan = planSubnets(cidr, zones)
    // a Local Zone has to be opted in to, and has neither MSK nor Fargate
    const { names } = aws.getAvailabilityZonesOutput(
      { state: 'available', filters: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }] },
      within,
    )
    const subnet = (kind: 'private' | 'public', zone: number, cidrBlock: string) =>
      new aws.ec2.Subnet(
        `${name}-${kind}-${zone}`,
        {
          vpcId: vpc.id,
          cidrBlock,
          availabilityZone: names.apply((all) => zoneOf(all, zone)),
          mapPublicIpOnLaunch: false,
          tags: { Name: `order-up-${stack}-${kind}-${zone}` },
        },
        // a zone that AWS adds must not move a subnet with brokers in it
        { ...within, ignoreChanges: ['availabilityZone'] },
      )
    const gateways =
      egress === 'privatelink'
        ? []
        : this.#gateways(
            name,
            vpc,
            egress === 'nat' ? plan.public.slice(0, 1) : plan.public,
            subnet,
          )

    const privates = plan.private.map((block, zone) => subnet('private', zone, block))
    const routeTables = privates.map(({ id }, zone) => {
      const table = new aws.ec2.RouteTable(`${name}-private-${zone}`, { vpcId: vpc.id }, within)
      new aws.ec2.RouteTableAssociation(
        `${name}-private-${zone}`,
        { routeTableId: table.id, subnetId: id },
        within,
      )
      const gateway = gateways[zone] ?? gateways[0]
      if (gateway)
        new aws.ec2.Route(
          `${name}-private-${zone}`,
          {
            routeTableId: table.id,
            destinationCidrBlock: ANYWHERE,
            natGatewayId: gateway.id,
          },
          within,
        )
      return table
    })
    return { private: privates, routeTables }
  }

  /** A public subnet of each block, with a NAT gateway in it. */
  #gateways(
    name: string,
    vpc: aws.ec2.Vpc,
    blocks: readonly string[],
    subnet: (kind: 'public', zone: number, cidrBlock: string) => aws.ec2.Subnet,
  ): aws.ec2.NatGateway[] {
    const within = { parent: this }
    const internet = new aws.ec2.InternetGateway(name, { vpcId: vpc.id }, within)
    const table = new aws.ec2.RouteTable(`${name}-public`, { vpcId: vpc.id }, within)
    new aws.ec2.Route(
      `${name}-public`,
      { routeTableId: table.id, destinationCidrBlock: ANYWHERE, gatewayId: internet.id },
      within,
    )
    return blocks.map((block, zone) => {
      const place = subnet('public', zone, block)
      new aws.ec2.RouteTableAssociation(
        `${name}-public-${zone}`,
        { routeTableId: table.id, subnetId: place.id },
        within,
      )
      const address = new aws.ec2.Eip(`${name}-${zone}`, { domain: 'vpc' }, within)
      return new aws.ec2.NatGateway(
        `${name}-${zone}`,
        { subnetId: place.id, allocationId: address.id },
        { ...within, dependsOn: [internet] },
      )
    })
  }

  #workerSecurityGroup(name: string, stack: string): Output<string> {
    const within = { parent: this }
    const group = new aws.ec2.SecurityGroup(
      `${name}-workers`,
      {
        vpcId: this.vpcId,
        description: 'Workers of Order-Up: nothing comes in',
        tags: { Name: `order-up-${stack}-workers` },
      },
      within,
    )
    const out = (port: number, description: string) =>
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-workers-${port}`,
        {
          securityGroupId: group.id,
          description,
          cidrIpv4: ANYWHERE,
          ipProtocol: 'tcp',
          fromPort: port,
          toPort: port,
        },
        within,
      )
    out(443, 'TLS: AWS, Snowflake, a registry')
    out(80, 'OCSP, which is plain: the Snowflake driver asks whether certificates were revoked')
    return group.id
  }

  #logFlows(name: string, vpc: aws.ec2.Vpc, runtime: NetworkArgs['runtime']) {
    const within = { parent: this }
    const logs = logGroup(`${name}-flows`, runtime, within)
    const role = new aws.iam.Role(
      `${name}-flows`,
      { assumeRolePolicy: trustOf('vpc-flow-logs.amazonaws.com', runtime.accountId) },
      within,
    )
    const policy = new aws.iam.RolePolicy(
      `${name}-flows`,
      {
        role: role.name,
        policy: policyDocument(
          logs.arn.apply((arn): Statement[] => [
            {
              Sid: 'Flows',
              Effect: 'Allow',
              Action: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
              Resource: [arn, `${arn}:*`],
            },
          ]),
        ),
      },
      within,
    )
    new aws.ec2.FlowLog(
      name,
      {
        vpcId: vpc.id,
        trafficType: 'ALL',
        logDestination: logs.arn,
        iamRoleArn: role.arn,
        // one line for a connection in ten minutes: brokers talk without a pause
        maxAggregationInterval: 600,
      },
      { ...within, dependsOn: [policy] },
    )
  }
}

const ANYWHERE = '0.0.0.0/0'

function zoneOf(names: readonly string[], zone: number): string {
  const name = names.toSorted()[zone]
  if (name === undefined)
    throw new Error(
      `The region has ${names.length} zones (${names.join(', ')}), and the tier needs ${zone + 1}: choose another region, or a smaller tier`,
    )
  return name
}
