import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Compute } from './compute.ts'
import { SchemaRegistry } from './registry.ts'
import { KEY, register, runtimeOf, settingsOf } from './stack.fixture.ts'

const CERTIFICATE = 'arn:aws:acm:eu-west-1:123456789012:certificate/0'

function registerRegistry(registry: object, protect = false) {
  return register(() => {
    const runtime = runtimeOf({ protect })
    const { namespace } = new Compute('compute', { runtime })
    const settings = settingsOf({ registry })
    return { url: new SchemaRegistry('registry', { runtime, settings, namespace }).url }
  })
}
type Registered = Awaited<ReturnType<typeof registerRegistry>>

/** who → port → whom, by the names of their security groups */
function ways({ all }: Registered) {
  return (['Ingress', 'Egress'] as const).flatMap((direction) =>
    all(`aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`).map(({ inputs }) => {
      assert.match(inputs['description'] as string, /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/)
      assert.equal(inputs['fromPort'], inputs['toPort'])
      return `${direction} ${inputs['fromPort'] as number} ${inputs['cidrIpv4'] === undefined ? 'group' : 'anywhere'}`
    }),
  )
}

test('its database is private, encrypted, entered over TLS alone, and its password is in no state', async () => {
  const { one } = await registerRegistry({ kind: 'apicurio' })

  const { dbSubnetGroupName, vpcSecurityGroupIds, parameterGroupName, ...database } = one(
    'aws:rds/instance:Instance',
  ).inputs
  assert.ok(dbSubnetGroupName && vpcSecurityGroupIds && parameterGroupName)
  assert.deepEqual(database, {
    engine: 'postgres',
    engineVersion: '17',
    autoMinorVersionUpgrade: true,
    instanceClass: 'db.t4g.micro',
    allocatedStorage: 20,
    storageType: 'gp3',
    storageEncrypted: true,
    kmsKeyId: KEY,
    multiAz: false,
    dbName: 'registry',
    username: 'registry',
    manageMasterUserPassword: true,
    masterUserSecretKmsKeyId: KEY,
    port: 5432,
    publiclyAccessible: false,
    backupRetentionPeriod: 7,
    copyTagsToSnapshot: true,
    deleteAutomatedBackups: true,
    deletionProtection: false,
    skipFinalSnapshot: true,
  })
  assert.deepEqual(one('aws:rds/parameterGroup:ParameterGroup').inputs['parameters'], [
    { name: 'rds.force_ssl', value: '1' },
  ])
})

test('where stacks are protected, the database is neither deleted nor lost', async () => {
  const { one } = await registerRegistry({ kind: 'apicurio' }, true)

  const { inputs, protect, retainOnDelete } = one('aws:rds/instance:Instance')
  assert.deepEqual(
    [
      protect,
      retainOnDelete,
      inputs['deletionProtection'],
      inputs['skipFinalSnapshot'],
      inputs['finalSnapshotIdentifier'],
      inputs['deleteAutomatedBackups'],
    ],
    [true, true, true, false, 'order-up-dev-registry-final', false],
  )
})

test('it reads its password from where RDS keeps it, and is found by its name', async () => {
  const registered = await registerRegistry({ kind: 'apicurio' })
  const { one, outputs } = registered

  const [container] = JSON.parse(
    one('aws:ecs/taskDefinition:TaskDefinition').inputs['containerDefinitions'] as string,
  ) as [
    {
      environment: { name: string; value: string }[]
      secrets: { name: string; valueFrom: string }[]
    },
  ]
  assert.deepEqual(
    container.environment.map(({ name }) => name),
    [
      'APICURIO_DATASOURCE_URL',
      'APICURIO_DATASOURCE_USERNAME',
      'APICURIO_STORAGE_KIND',
      'APICURIO_STORAGE_SQL_KIND',
    ],
  )
  assert.match(
    container.environment[0]?.value ?? '',
    /^jdbc:postgresql:\/\/[^/]+:5432\/registry\?sslmode=require$/,
  )
  assert.equal(container.secrets[0]?.name, 'APICURIO_DATASOURCE_PASSWORD')
  assert.match(container.secrets[0].valueFrom, /:secret:rds!db-[^:]+:password::$/)
  assert.match(String(outputs['url']), /^http:\/\/registry\..+:8080\/apis\/ccompat\/v7$/)
  assert.deepEqual(ways(registered).toSorted(), [
    'Egress 443 anywhere',
    'Egress 5432 group',
    'Egress 8080 group',
    'Ingress 5432 group',
    'Ingress 8080 group',
  ])
})

test('with a name and its certificate it is served over TLS, in the VPC alone', async () => {
  const registered = await registerRegistry({
    kind: 'apicurio',
    hostname: 'registry.example.com',
    certificateArn: CERTIFICATE,
  })
  const { one, outputs } = registered

  assert.equal(outputs['url'], 'https://registry.example.com/apis/ccompat/v7')
  assert.equal(one('aws:lb/loadBalancer:LoadBalancer').inputs['internal'], true)
  const { protocol, port, certificateArn } = one('aws:lb/listener:Listener').inputs
  assert.deepEqual([protocol, port, certificateArn], ['HTTPS', 443, CERTIFICATE])
  assert.deepEqual(one('aws:route53/zone:Zone').inputs['vpcs'], [{ vpcId: 'vpc-1' }])
  assert.deepEqual(ways(registered).toSorted(), [
    'Egress 443 anywhere',
    'Egress 5432 group',
    'Egress 8080 group',
    'Ingress 443 group',
    'Ingress 5432 group',
    'Ingress 8080 group',
  ])
})

test('of one that exists only the way to it is made', async () => {
  const registered = await registerRegistry({
    kind: 'existing',
    url: 'https://registry.example.com:8081/apis/ccompat/v7',
  })

  assert.equal(registered.outputs['url'], 'https://registry.example.com:8081/apis/ccompat/v7')
  assert.deepEqual(ways(registered), ['Egress 8081 anywhere'])
  assert.deepEqual(registered.all('aws:rds/instance:Instance'), [])
})

test("the tasks' disks are under our key", async () => {
  const { one } = await registerRegistry({ kind: 'apicurio' })

  assert.deepEqual(one('aws:ecs/cluster:Cluster').inputs['configuration'], {
    managedStorageConfiguration: { fargateEphemeralStorageKmsKeyId: KEY },
  })
})
