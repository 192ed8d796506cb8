import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Input, Output } from '@pulumi/pulumi'
import type { Sizes } from '../plan/sizes.ts'
import type { Runtime } from './runtime.ts'

const PORT = 5432
const MAJOR = '17'
const DATABASE = 'registry'

export interface RegistryDatabaseArgs {
  runtime: Pick<Runtime, 'stack' | 'keyArn' | 'protect' | 'vpcId' | 'subnetIds'>
  sizes: Sizes['registry']
  /** who may connect */
  clientSecurityGroupId: Input<string>
}

/**
 * PostgreSQL for the schema registry. It is kept as raw is: without the ids that stand in front of every record, their
 * bytes mean nothing. RDS makes the password itself, keeps it in Secrets Manager and changes it each week: it is in no
 * state and no plan.
 */
export class RegistryDatabase extends pulumi.ComponentResource {
  /** over TLS, which the database insists on */
  readonly jdbcUrl: Output<string>
  readonly username = DATABASE
  /** ARN; {"username": …, "password": …} */
  readonly secretArn: Output<string>
  readonly identifier: Output<string>

  constructor(name: string, args: RegistryDatabaseArgs, opts: pulumi.ComponentResourceOptions) {
    super('orderup:registry:Database', name, {}, opts)
    const { runtime, sizes } = args
    const { protect, keyArn } = runtime
    const within = { parent: this }

    const group = new aws.ec2.SecurityGroup(
      `${name}-database`,
      { vpcId: runtime.vpcId, description: 'Database of the schema registry' },
      within,
    )
    const between = { ipProtocol: 'tcp', fromPort: PORT, toPort: PORT }
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-database`,
      {
        securityGroupId: group.id,
        referencedSecurityGroupId: args.clientSecurityGroupId,
        description: 'the registry',
        ...between,
      },
      within,
    )
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-database`,
      {
        securityGroupId: args.clientSecurityGroupId,
        referencedSecurityGroupId: group.id,
        description: 'its database',
        ...between,
      },
      within,
    )
    const subnets = new aws.rds.SubnetGroup(name, { subnetIds: runtime.subnetIds }, within)
    const parameters = new aws.rds.ParameterGroup(
      name,
      {
        family: `postgres${MAJOR}`,
        parameters: [{ name: 'rds.force_ssl', value: '1' }],
      },
      within,
    )
    const database = new aws.rds.Instance(
      name,
      {
        engine: 'postgres',
        engineVersion: MAJOR,
        autoMinorVersionUpgrade: true,
        instanceClass: sizes.databaseClass,
        allocatedStorage: sizes.databaseGiB,
        storageType: 'gp3',
        storageEncrypted: true,
        kmsKeyId: keyArn,
        multiAz: sizes.multiAz,
        dbName: DATABASE,
        username: DATABASE,
        manageMasterUserPassword: true,
        masterUserSecretKmsKeyId: keyArn,
        port: PORT,
        dbSubnetGroupName: subnets.name,
        vpcSecurityGroupIds: [group.id],
        publiclyAccessible: false,
        parameterGroupName: parameters.name,
        backupRetentionPeriod: sizes.backupDays,
        copyTagsToSnapshot: true,
        deleteAutomatedBackups: !protect,
        deletionProtection: protect,
        skipFinalSnapshot: !protect,
        ...(protect && { finalSnapshotIdentifier: `order-up-${runtime.stack}-registry-final` }),
      },
      { ...within, protect, retainOnDelete: protect },
    )
    // sslmode=require: RDS's own authority is not in the registry's image, so the server's name is not checked
    this.jdbcUrl = pulumi.interpolate`jdbc:postgresql://${database.address}:${PORT}/${DATABASE}?sslmode=require`
    this.secretArn = database.masterUserSecrets[0]!.secretArn
    this.identifier = database.identifier
    this.registerOutputs({ identifier: this.identifier })
  }
}
