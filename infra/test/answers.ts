import { createHash } from 'node:crypto'

/** What AWS would answer, as far as programs read it: ids, ARNs, addresses and the results of invokes. All made up. */

export const ACCOUNT = '123456789012'

const hex = (text: string, digits: number) =>
  createHash('sha256').update(text).digest('hex').slice(0, digits)

/** Ids whose form the program or a check may look at; all others are `<name>-id`. */
const ID_PREFIXES: Readonly<Record<string, string>> = {
  'aws:ec2/vpc:Vpc': 'vpc-',
  'aws:ec2/subnet:Subnet': 'subnet-',
  'aws:ec2/securityGroup:SecurityGroup': 'sg-',
  'aws:ec2/routeTable:RouteTable': 'rtb-',
  'aws:ec2/vpcEndpoint:VpcEndpoint': 'vpce-',
  'aws:ec2/natGateway:NatGateway': 'nat-',
  'aws:ec2/eip:Eip': 'eipalloc-',
}

/** Resources whose id is their ARN. */
const ID_IS_ARN: ReadonlySet<string> = new Set([
  'aws:msk/cluster:Cluster',
  'aws:msk/configuration:Configuration',
  'aws:ecs/cluster:Cluster',
  'aws:ecs/service:Service',
  'aws:sns/topic:Topic',
  'aws:secretsmanager/secret:Secret',
  'aws:iam/policy:Policy',
  'aws:lb/loadBalancer:LoadBalancer',
  'aws:lb/targetGroup:TargetGroup',
  'aws:kinesisanalyticsv2/application:Application',
])

/** Of a resource, by its type and its name in the program. */
export function idOf(type: string, name: string, region: string): string {
  const prefix = ID_PREFIXES[type]
  if (prefix) return prefix + hex(name, 17)
  return ID_IS_ARN.has(type) ? arnOf(type, name, region) : `${name}-id`
}

/** What follows the account in an ARN, by type; without a line here it is `<type>/<name>`. */
const ARNS: Readonly<Record<string, (name: string, region: string) => string>> = {
  'aws:msk/cluster:Cluster': (name, region) => regional('kafka', region, `cluster/${name}/${UUID}`),
  'aws:msk/configuration:Configuration': (name, region) =>
    regional('kafka', region, `configuration/${name}/${UUID}`),
  'aws:iam/role:Role': (name) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
  'aws:iam/policy:Policy': (name) => `arn:aws:iam::${ACCOUNT}:policy/${name}`,
  'aws:s3/bucket:Bucket': (name) => `arn:aws:s3:::${name}`,
  'aws:s3/bucketV2:BucketV2': (name) => `arn:aws:s3:::${name}`,
  'aws:s3/bucketObjectv2:BucketObjectv2': (name) => `arn:aws:s3:::bucket/${name}`,
  'aws:sns/topic:Topic': (name, region) => regional('sns', region, name),
  'aws:kms/key:Key': (name, region) => regional('kms', region, `key/${uuid(name)}`),
  'aws:secretsmanager/secret:Secret': (name, region) =>
    regional('secretsmanager', region, `secret:${name}-AbCdEf`),
  'aws:cloudwatch/logGroup:LogGroup': (name, region) =>
    regional('logs', region, `log-group:${name}`),
  'aws:cloudwatch/logStream:LogStream': (name, region) =>
    regional('logs', region, `log-group:group:log-stream:${name}`),
  'aws:cloudwatch/metricAlarm:MetricAlarm': (name, region) =>
    regional('cloudwatch', region, `alarm:${name}`),
  'aws:lambda/function:Function': (name, region) => regional('lambda', region, `function:${name}`),
  'aws:lambda/eventSourceMapping:EventSourceMapping': (name, region) =>
    regional('lambda', region, `event-source-mapping:${uuid(name)}`),
  'aws:ecs/cluster:Cluster': (name, region) => regional('ecs', region, `cluster/${name}`),
  'aws:ecs/service:Service': (name, region) => regional('ecs', region, `service/cluster/${name}`),
  'aws:ecs/taskDefinition:TaskDefinition': (name, region) =>
    regional('ecs', region, `task-definition/${name}:1`),
  'aws:kinesisanalyticsv2/application:Application': (name, region) =>
    regional('kinesisanalytics', region, `application/${name}`),
  'aws:rds/instance:Instance': (name, region) => regional('rds', region, `db:${name}`),
  'aws:lb/loadBalancer:LoadBalancer': (name, region) =>
    regional('elasticloadbalancing', region, `loadbalancer/app/${name}/${hex(name, 16)}`),
  'aws:lb/targetGroup:TargetGroup': (name, region) =>
    regional('elasticloadbalancing', region, `targetgroup/${name}/${hex(name, 16)}`),
  'aws:lb/listener:Listener': (name, region) =>
    regional(
      'elasticloadbalancing',
      region,
      `listener/app/${name}/${hex(name, 16)}/0123456789abcdef`,
    ),
}

const UUID = '01234567-89ab-4def-8123-456789abcdef-1'
const uuid = (name: string) =>
  [hex(name, 8), '89ab', '4def', '8123', hex(`${name}'s`, 12)].join('-')

const regional = (service: string, region: string, rest: string) =>
  `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`

function arnOf(type: string, name: string, region: string): string {
  const known = ARNS[type]
  if (known) return known(name, region)
  const [, service = 'unknown', kind = ''] = /^aws:([^/]+)\/([^:]+)/.exec(type) ?? []
  return regional(service, region, `${kind}/${name}`)
}

const brokersOf = (name: string, region: string, port: number) =>
  [1, 2].map((n) => `b-${n}.${name}.abc123.c2.kafka.${region}.amazonaws.com:${port}`).join(',')

/** What a provider would answer beside the inputs, as far as programs read it. */
const OUTPUTS: Readonly<Record<string, (name: string, region: string) => object>> = {
  'aws:msk/cluster:Cluster': (name, region) => ({
    clusterName: name,
    bootstrapBrokersSaslIam: brokersOf(name, region, 9098),
    bootstrapBrokersTls: brokersOf(name, region, 9094),
    clusterUuid: UUID,
    currentVersion: 'K3AEGXETSR30VB',
  }),
  'aws:msk/configuration:Configuration': () => ({ latestRevision: 1 }),
  'aws:ec2/vpcEndpoint:VpcEndpoint': (name) => ({
    dnsEntries: [{ dnsName: `vpce-${hex(name, 17)}.vpce.amazonaws.com`, hostedZoneId: 'Z1' }],
  }),
  'aws:rds/instance:Instance': (name, region) => ({
    address: `${name}.abc123.${region}.rds.amazonaws.com`,
    endpoint: `${name}.abc123.${region}.rds.amazonaws.com:5432`,
    port: 5432,
    masterUserSecrets: [
      { secretArn: regional('secretsmanager', region, `secret:rds!db-${hex(name, 8)}-AbCdEf`) },
    ],
  }),
  'aws:lb/loadBalancer:LoadBalancer': (name, region) => ({
    dnsName: `internal-${name}-1234567890.${region}.elb.amazonaws.com`,
    zoneId: 'Z32O12XQLNTSW2',
    arnSuffix: `app/${name}/${hex(name, 16)}`,
  }),
  'aws:lb/targetGroup:TargetGroup': (name) => ({
    arnSuffix: `targetgroup/${name}/${hex(name, 16)}`,
  }),
  'aws:apigatewayv2/api:Api': (name, region) => ({
    apiEndpoint: `https://${hex(name, 10)}.execute-api.${region}.amazonaws.com`,
    executionArn: regional('execute-api', region, hex(name, 10)),
  }),
  'aws:apigatewayv2/stage:Stage': (name, region) => ({
    invokeUrl: `https://${hex(name, 10)}.execute-api.${region}.amazonaws.com/`,
  }),
  'aws:lambda/function:Function': (name, region) => ({
    version: '1',
    invokeArn: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${regional('lambda', region, `function:${name}`)}/invocations`,
    qualifiedArn: regional('lambda', region, `function:${name}:1`),
  }),
  'aws:ecs/taskDefinition:TaskDefinition': () => ({ revision: 1 }),
  'aws:kinesisanalyticsv2/application:Application': () => ({ versionId: 1, status: 'RUNNING' }),
  'aws:s3/bucket:Bucket': (name, region) => ({
    bucket: name,
    bucketRegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
  }),
  'pulumi-nodejs:dynamic/order-up:Shares': () => ({ epoch: 1 }),
  'aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace': () => ({
    hostedZone: 'Z0123456789ABCDEFGHIJ',
  }),
  'pulumi-nodejs:dynamic/order-up:ServiceKey': (name) => ({ publicKey: `public-${name}` }),
}

/** Every resource has a physical name; auto-named ones get the registration's. */
export const outputsOf = (type: string, name: string, region: string) => ({
  ...(type.startsWith('aws:') && { arn: arnOf(type, name, region), name }),
  ...OUTPUTS[type]?.(name, region),
})

type Inputs = Readonly<Record<string, unknown>>

const INVOKES: Readonly<
  Record<string, (inputs: Inputs, region: string) => Record<string, unknown>>
> = {
  'aws:index/getCallerIdentity:getCallerIdentity': () => ({
    accountId: ACCOUNT,
    id: ACCOUNT,
    arn: `arn:aws:iam::${ACCOUNT}:user/deployer`,
    userId: 'AIDAEXAMPLE',
  }),
  'aws:index/getRegion:getRegion': (_, region) => ({ id: region, name: region, region }),
  'aws:index/getPartition:getPartition': () => ({
    id: 'aws',
    partition: 'aws',
    dnsSuffix: 'amazonaws.com',
    reverseDnsPrefix: 'com.amazonaws',
  }),
  'aws:index/getAvailabilityZones:getAvailabilityZones': (_, region) => ({
    id: region,
    names: ['a', 'b', 'c'].map((zone) => region + zone),
    zoneIds: ['1', '2', '3'].map((zone) => `euw1-az${zone}`),
  }),
  'aws:ec2/getVpc:getVpc': ({ id }) => ({ id, cidrBlock: '10.0.0.0/16' }),
  'aws:ec2/getSubnet:getSubnet': ({ id }, region) => ({
    id,
    cidrBlock: '10.0.0.0/24',
    availabilityZone: `${region}a`,
  }),
  'aws:ec2/getPrefixList:getPrefixList': ({ name }) => ({
    id: 'pl-6da54004',
    name,
    cidrBlocks: [],
  }),
}

/** @throws Error for an invoke that is not known here */
export function answerOf(token: string, inputs: Inputs, region: string): Record<string, unknown> {
  const answer = INVOKES[token]
  if (answer) return answer(inputs, region)
  throw new Error(`answers.ts has no answer to ${token}: add one to INVOKES`)
}
