import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Input, Output } from '@pulumi/pulumi'
import type { Settings } from '../config.ts'
import { FargateService, type Place } from './fargate-service.ts'
import { RegistryDatabase } from './registry-database.ts'
import { RegistryFront } from './registry-front.ts'

/** By its exact version: nobody here could look its digest up. It is the version that the tests run. */
const APICURIO = 'quay.io/apicurio/apicurio-registry:3.3.3'
const PORT = 8080
/** of its image */
const USER = '185'
/** Confluent's API, which all clients speak */
const PATH = '/apis/ccompat/v7'

// in bash alone: the image promises neither curl nor wget. Port 9000 is Quarkus's management interface.
const ASKS_READINESS = [
  'bash',
  '-c',
  String.raw`exec 3<>/dev/tcp/127.0.0.1/9000 && printf 'GET /health/ready HTTP/1.0\r\n\r\n' >&3 && read -r _ code _ <&3 && [ "$code" = 200 ]`,
]

export interface SchemaRegistryArgs {
  runtime: Place
  settings: Pick<Settings, 'registry' | 'sizes'>
  namespace: aws.servicediscovery.PrivateDnsNamespace
}

/**
 * The schema registry: Apicurio on ECS with PostgreSQL, or the URL of one that exists. Ours is private: only the workers'
 * security group reaches it, by its name in the VPC, or over TLS by a name of yours and its certificate.
 *
 * It reads its database's password when it starts. RDS changes that each week; then new connections fail, the task's
 * health check with them, and ECS starts another task, which reads the new one.
 */
export class SchemaRegistry extends pulumi.ComponentResource {
  readonly url: Output<string>
  /** what alarms need, where it is ours */
  readonly watched: { registry?: { serviceName: Output<string>; databaseId: Output<string> } }

  constructor(name: string, args: SchemaRegistryArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super('orderup:registry:SchemaRegistry', name, {}, opts)
    const { registry } = args.settings
    if (registry.kind === 'existing') {
      const { port, protocol } = new URL(registry.url)
      const number = Number(port || (protocol === 'https:' ? 443 : 80))
      this.#letWorkersOut(name, args, number, { cidrIpv4: '0.0.0.0/0' })
      this.url = pulumi.output(registry.url)
      this.watched = {}
    } else {
      const { url, ...watched } = this.#apicurio(name, args, registry)
      this.url = url
      this.watched = { registry: watched }
    }
    this.registerOutputs({ url: this.url })
  }

  #apicurio(
    name: string,
    args: SchemaRegistryArgs,
    {
      hostname,
      certificateArn,
      image = APICURIO,
    }: Extract<Settings['registry'], { kind: 'apicurio' }>,
  ) {
    const within = { parent: this }
    const { runtime, namespace } = args
    const sizes = args.settings.sizes.registry

    const group = new aws.ec2.SecurityGroup(
      name,
      { vpcId: runtime.vpcId, description: 'The schema registry' },
      within,
    )
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-443`,
      {
        securityGroupId: group.id,
        description: 'TLS: its image, log and password',
        cidrIpv4: '0.0.0.0/0',
        ipProtocol: 'tcp',
        fromPort: 443,
        toPort: 443,
      },
      within,
    )
    const database = new RegistryDatabase(
      name,
      { runtime, sizes, clientSecurityGroupId: group.id },
      within,
    )
    const front =
      hostname === undefined || certificateArn === undefined
        ? undefined
        : new RegistryFront(
            name,
            {
              runtime,
              hostname,
              certificateArn,
              port: PORT,
              healthPath: `${PATH}/subjects`,
              targetSecurityGroupId: group.id,
            },
            within,
          )
    const discovery = front ? undefined : this.#discovery(name, args, group.id)
    const service = new FargateService(
      name,
      {
        runtime,
        image,
        cpu: sizes.cpu,
        memory: sizes.memory,
        user: USER,
        // Quarkus unpacks and caches in its own folders
        writable: 'all',
        env: {
          APICURIO_STORAGE_KIND: 'sql',
          APICURIO_STORAGE_SQL_KIND: 'postgresql',
          APICURIO_DATASOURCE_URL: database.jdbcUrl,
          APICURIO_DATASOURCE_USERNAME: database.username,
        },
        secrets: {
          APICURIO_DATASOURCE_PASSWORD: pulumi.interpolate`${database.secretArn}:password::`,
        },
        healthCommand: ASKS_READINESS,
        healthStartS: 180,
        replacement: 'rolling',
        stopTimeoutS: 30,
        desired: sizes.tasks,
        port: PORT,
        securityGroupIds: [group.id],
        ...(front && { targetGroupArn: front.targetGroupArn }),
        ...(discovery && { discoveryArn: discovery.arn }),
      },
      within,
    )
    return {
      url: front
        ? pulumi.output(`https://${hostname}${PATH}`)
        : pulumi.interpolate`http://${name}.${namespace.name}:${PORT}${PATH}`,
      serviceName: service.serviceName,
      databaseId: database.identifier,
    }
  }

  /** Its name in the VPC, and the workers' way to it. */
  #discovery(name: string, args: SchemaRegistryArgs, securityGroupId: Input<string>) {
    const { runtime, namespace } = args
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-workers`,
      {
        securityGroupId,
        referencedSecurityGroupId: runtime.workerSecurityGroupId,
        description: 'workers',
        ipProtocol: 'tcp',
        fromPort: PORT,
        toPort: PORT,
      },
      { parent: this },
    )
    this.#letWorkersOut(name, args, PORT, { referencedSecurityGroupId: securityGroupId })
    return new aws.servicediscovery.Service(
      name,
      {
        name,
        dnsConfig: {
          namespaceId: namespace.id,
          dnsRecords: [{ type: 'A', ttl: 10 }],
          routingPolicy: 'MULTIVALUE',
        },
      },
      { parent: this },
    )
  }

  #letWorkersOut(
    name: string,
    { runtime }: SchemaRegistryArgs,
    port: number,
    to: { cidrIpv4: string } | { referencedSecurityGroupId: Input<string> },
  ): void {
    if (port === 443 || port === 80) return // the workers may do that anyway
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-workers-out`,
      {
        securityGroupId: runtime.workerSecurityGroupId,
        description: 'the schema registry',
        ...to,
        ipProtocol: 'tcp',
        fromPort: port,
        toPort: port,
      },
      { parent: this },
    )
  }
}
