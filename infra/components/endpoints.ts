import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Input } from '@pulumi/pulumi'

export interface EndpointsArgs {
  region: string
  vpcId: Input<string>
  vpcCidr: string
  subnetIds: Input<Input<string>[]>
  routeTableIds: Input<string>[]
  egress: 'nat' | 'nat-per-zone' | 'privatelink'
  /** of the account's Snowflake, from SYSTEM$GET_PRIVATELINK_CONFIG() */
  snowflakeService?: string
}

/** What every task needs before it runs: kept off the internet where more than money counts (about 8 USD a zone each). */
const FOR_TASKS = ['ecr.api', 'ecr.dkr', 'logs', 'secretsmanager']

/**
 * With one NAT gateway, none: a small stack's traffic costs less than an endpoint. Without any, everything that is
 * called from inside.
 */
const SERVICES: Readonly<Record<EndpointsArgs['egress'], readonly string[]>> = {
  nat: [],
  'nat-per-zone': FOR_TASKS,
  privatelink: [
    ...FOR_TASKS,
    // whether the engines run as deployed: asked by the control function
    'ecs',
    'kinesisanalytics',
    // the sink as a function: what polls Kafka for it stands in the VPC
    'lambda',
    'sts',
  ],
}

/** Snowflake's names of a private link end in it. */
const SNOWFLAKE_DOMAIN = 'privatelink.snowflakecomputing.com'

/** Ways from the VPC to AWS's services and to Snowflake that do not lead over the internet. */
export class Endpoints extends pulumi.ComponentResource {
  constructor(name: string, args: EndpointsArgs, opts: pulumi.ComponentResourceOptions) {
    super('orderup:network:Endpoints', name, {}, opts)
    const { vpcId, region, subnetIds } = args
    const within = { parent: this }
    const serviceName = (service: string) => `com.amazonaws.${region}.${service}`

    // free of charge, and snapshots, checkpoints and images' layers go through it
    new aws.ec2.VpcEndpoint(
      `${name}-s3`,
      {
        vpcId,
        vpcEndpointType: 'Gateway',
        serviceName: serviceName('s3'),
        routeTableIds: args.routeTableIds,
      },
      within,
    )
    const services = SERVICES[args.egress]
    if (services.length > 0) {
      const group = this.#securityGroup(name, args, within)
      for (const service of services)
        new aws.ec2.VpcEndpoint(
          `${name}-${service}`,
          {
            vpcId,
            vpcEndpointType: 'Interface',
            serviceName: serviceName(service),
            subnetIds,
            securityGroupIds: [group.id],
            privateDnsEnabled: true,
          },
          within,
        )
      if (args.snowflakeService !== undefined)
        linkSnowflake(name, args, args.snowflakeService, group, within)
    }
    this.registerOutputs()
  }

  #securityGroup(
    name: string,
    { vpcId, vpcCidr }: EndpointsArgs,
    within: pulumi.CustomResourceOptions,
  ) {
    const group = new aws.ec2.SecurityGroup(
      `${name}-endpoints`,
      { vpcId, description: 'Endpoints of AWS services and of Snowflake' },
      within,
    )
    allowIn(`${name}-endpoints-443`, group, vpcCidr, 443, within)
    return group
  }
}

/**
 * Snowflake's end has to accept it: SYSTEM$AUTHORIZE_PRIVATELINK, once by hand. Its driver uses the link when
 * order-up:warehouse.url is the account's privatelink URL: the zone answers for every name below the domain.
 */
function linkSnowflake(
  name: string,
  { vpcId, vpcCidr, subnetIds }: EndpointsArgs,
  serviceName: string,
  group: aws.ec2.SecurityGroup,
  within: pulumi.CustomResourceOptions,
) {
  // its own OCSP cache, which is plain HTTP
  allowIn(`${name}-endpoints-80`, group, vpcCidr, 80, within)
  const link = new aws.ec2.VpcEndpoint(
    `${name}-snowflake`,
    {
      vpcId,
      vpcEndpointType: 'Interface',
      serviceName,
      subnetIds,
      securityGroupIds: [group.id],
      privateDnsEnabled: false,
    },
    within,
  )
  const zone = new aws.route53.Zone(
    `${name}-snowflake`,
    { name: SNOWFLAKE_DOMAIN, vpcs: [{ vpcId }] },
    within,
  )
  new aws.route53.Record(
    `${name}-snowflake`,
    {
      zoneId: zone.zoneId,
      name: `*.${SNOWFLAKE_DOMAIN}`,
      type: 'CNAME',
      ttl: 60,
      records: [link.dnsEntries.apply((entries) => entries[0]?.dnsName ?? '')],
    },
    within,
  )
}

const allowIn = (
  name: string,
  group: aws.ec2.SecurityGroup,
  cidr: string,
  port: number,
  within: pulumi.CustomResourceOptions,
) =>
  new aws.vpc.SecurityGroupIngressRule(
    name,
    {
      securityGroupId: group.id,
      description: 'whoever is in the VPC',
      cidrIpv4: cidr,
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
    },
    within,
  )
