import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings } from '../config.ts'
import { Network } from './network.ts'
import { KEY, register, runtimeOf } from './stack.fixture.ts'

const own = (egress: 'nat' | 'nat-per-zone' | 'privatelink') => ({
  kind: 'own' as const,
  cidr: '10.20.0.0/16',
  egress,
  ...(egress === 'privatelink' && { snowflakeEndpointService: 'com.amazonaws.vpce.snowflake' }),
})

const byText = (a: unknown, b: unknown) => (String(a) < String(b) ? -1 : 1)

async function registerNetwork(network: Settings['network'], zones: 2 | 3 = 2) {
  const registered = await register(() => {
    const { vpcId, subnetIds, workerSecurityGroupId } = new Network('network', {
      runtime: runtimeOf(),
      network,
      zones,
    })
    return { vpcId, subnetIds, workerSecurityGroupId }
  })
  const names = (type: string) => registered.all(type).map(({ name }) => name)
  return { ...registered, names }
}

test('with NAT, private subnets in each zone go out through one gateway', async () => {
  const { all, names, outputs } = await registerNetwork(own('nat'))

  assert.deepEqual(
    all('aws:ec2/subnet:Subnet')
      .map(({ name, inputs }) => [name, inputs['cidrBlock'], inputs['availabilityZone']])
      .toSorted(byText),
    [
      ['network-private-0', '10.20.0.0/18', 'eu-west-1a'],
      ['network-private-1', '10.20.64.0/18', 'eu-west-1b'],
      ['network-public-0', '10.20.192.0/20', 'eu-west-1a'],
    ],
  )
  for (const { inputs } of all('aws:ec2/subnet:Subnet'))
    assert.equal(inputs['mapPublicIpOnLaunch'], false)
  const gateways = new Set(
    all('aws:ec2/route:Route')
      .filter(({ name }) => name.startsWith('network-private'))
      .map(({ inputs }) => inputs['natGatewayId']),
  )
  assert.equal(gateways.size, 1)
  assert.deepEqual(names('aws:ec2/vpcEndpoint:VpcEndpoint'), ['network-s3'])
  assert.equal((outputs['subnetIds'] as string[]).length, 2)
})

test('one NAT gateway costs one, whatever the zones', async () => {
  const [one, each] = [
    await registerNetwork(own('nat'), 3),
    await registerNetwork(own('nat-per-zone'), 3),
  ]

  assert.equal(one.all('aws:ec2/natGateway:NatGateway').length, 1)
  assert.equal(each.all('aws:ec2/natGateway:NatGateway').length, 3)
  const routes = each
    .all('aws:ec2/route:Route')
    .filter(({ name }) => name.startsWith('network-private'))
  assert.equal(new Set(routes.map(({ inputs }) => inputs['natGatewayId'])).size, 3)
})

test('with PrivateLink nothing leads to the internet, and all that is called has an endpoint', async () => {
  const { all, names, one } = await registerNetwork(own('privatelink'))

  for (const type of [
    'aws:ec2/internetGateway:InternetGateway',
    'aws:ec2/natGateway:NatGateway',
    'aws:ec2/eip:Eip',
    'aws:ec2/route:Route',
  ])
    assert.deepEqual(names(type), [], type)
  assert.deepEqual(names('aws:ec2/subnet:Subnet').toSorted(), [
    'network-private-0',
    'network-private-1',
  ])
  assert.deepEqual(
    all('aws:ec2/vpcEndpoint:VpcEndpoint')
      .map(({ inputs }) => inputs['serviceName'])
      .toSorted(byText),
    [
      'com.amazonaws.eu-west-1.ecr.api',
      'com.amazonaws.eu-west-1.ecr.dkr',
      'com.amazonaws.eu-west-1.ecs',
      'com.amazonaws.eu-west-1.kinesisanalytics',
      'com.amazonaws.eu-west-1.lambda',
      'com.amazonaws.eu-west-1.logs',
      'com.amazonaws.eu-west-1.s3',
      'com.amazonaws.eu-west-1.secretsmanager',
      'com.amazonaws.eu-west-1.sts',
      'com.amazonaws.vpce.snowflake',
    ],
  )
  const { name, type, records } = one('aws:route53/record:Record').inputs
  assert.equal(name, '*.privatelink.snowflakecomputing.com')
  assert.equal(type, 'CNAME')
  assert.match((records as string[])[0]!, /^vpce-/)
})

test('endpoints let in only what is in the VPC', async () => {
  const { all } = await registerNetwork(own('privatelink'))

  assert.deepEqual(
    all('aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule')
      .map(({ inputs }) => [inputs['cidrIpv4'], inputs['fromPort'], inputs['toPort']])
      .toSorted(byText),
    [
      ['10.20.0.0/16', 443, 443],
      ['10.20.0.0/16', 80, 80],
    ],
  )
})

test('nothing comes in to a worker, and the default security group is closed', async () => {
  const { all, one } = await registerNetwork(own('nat'))

  assert.deepEqual(all('aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule'), [])
  assert.deepEqual(
    all('aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule').map(({ inputs }) => [
      inputs['cidrIpv4'],
      inputs['ipProtocol'],
      inputs['fromPort'],
      inputs['toPort'],
    ]),
    [
      ['0.0.0.0/0', 'tcp', 443, 443],
      ['0.0.0.0/0', 'tcp', 80, 80],
    ],
  )
  const { ingress, egress } = one('aws:ec2/defaultSecurityGroup:DefaultSecurityGroup').inputs
  assert.deepEqual({ ingress, egress }, { ingress: [], egress: [] })
})

test('what flows is logged, encrypted, by a role that can write to that log alone', async () => {
  const { one, statements } = await registerNetwork(own('nat'))

  const log = one('aws:cloudwatch/logGroup:LogGroup')
  assert.deepEqual(log.inputs, { kmsKeyId: KEY, retentionInDays: 7 })
  const { trafficType, logDestination } = one('aws:ec2/flowLog:FlowLog').inputs
  assert.equal(trafficType, 'ALL')
  assert.deepEqual(statements('network-flows'), {
    Flows: {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      Resource: [logDestination, `${String(logDestination)}:*`],
    },
  })
})

test("in an existing network only the workers' security group is made", async () => {
  const { registrations, outputs } = await registerNetwork({
    kind: 'existing',
    vpcId: 'vpc-0123',
    subnetIds: ['subnet-1', 'subnet-2'],
  })

  assert.deepEqual(
    [...new Set(registrations.filter(({ custom }) => custom).map(({ type }) => type))],
    [
      'aws:ec2/securityGroup:SecurityGroup',
      'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule',
    ],
  )
  assert.equal(outputs['vpcId'], 'vpc-0123')
  assert.deepEqual(outputs['subnetIds'], ['subnet-1', 'subnet-2'])
})
