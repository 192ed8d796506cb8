import * as pulumi from '@pulumi/pulumi'
import * as snowflake from '@pulumi/snowflake'
import { createTableSql, SNOWFLAKE, TABLE } from '@order-up/sink/ddl'
import type { Settings } from '../config.ts'
import type { KeySlot } from '../plan/key-slots.ts'
import { ServiceKey } from '../providers/service-key.ts'
import type { ControlFunction } from './control-function.ts'
import type { KeySecrets } from './key-secrets.ts'

export interface WarehouseArgs {
  settings: Pick<Settings, 'warehouse' | 'region' | 'protect'>
  keys: KeySecrets
  /** makes the key pairs */
  control: Pick<ControlFunction, 'functionName'>
}

/**
 * Snowflake: database, schema, the table by the sink's own DDL, a compute warehouse, and a service user whose role may do
 * what the sink does and nothing else (see functions/sink/src/snowflake.ts).
 *
 * The deployer's login is the provider's, from config or environment: `snowflake:organizationName`,
 * `snowflake:accountName`, `snowflake:user`, `snowflake:role` (one that may make databases, warehouses, roles and users:
 * granted SYSADMIN and SECURITYADMIN) and `snowflake:authenticator` SNOWFLAKE_JWT with SNOWFLAKE_PRIVATE_KEY. Prefer the
 * environment for the key: what is config is kept in the state, if encrypted. No resource here is a preview feature.
 *
 * Names are fixed by the database's: who queries uses them, and an account holds one database of a name anyway.
 */
export class Warehouse extends pulumi.ComponentResource {
  /** <database>.<schema>.ORDERS */
  readonly table: string
  /** the sink's environment, but for the private key */
  readonly env: Readonly<Record<string, pulumi.Input<string>>>
  /** of the private key whose public key the user has */
  readonly keySecretArn: pulumi.Output<string>

  constructor(name: string, args: WarehouseArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super('orderup:warehouse:Warehouse', name, {}, opts)
    const { warehouse: wanted, protect } = args.settings
    const within = { parent: this }
    const stateful = { ...within, protect, retainOnDelete: protect }
    const sinkName = `${wanted.database}_SINK`
    this.table = `${wanted.database}.${wanted.schema}.${TABLE}`

    const database = new snowflake.Database(name, { name: wanted.database }, stateful)
    const schema = new snowflake.Schema(
      name,
      { database: database.name, name: wanted.schema },
      stateful,
    )
    const table = new snowflake.Execute(
      `${name}-orders`,
      {
        execute: createTableSql(SNOWFLAKE, this.table),
        // The table goes with its schema, or never: a changed statement replaces this resource, not the table.
        revert: 'SELECT 1',
      },
      { ...within, dependsOn: [schema] },
    )
    const compute = new snowflake.Warehouse(
      `${name}-compute`,
      {
        name: sinkName,
        warehouseSize: 'XSMALL',
        autoSuspend: 60,
        autoResume: 'true',
        initiallySuspended: true,
      },
      within,
    )
    const role = new snowflake.AccountRole(`${name}-sink`, { name: sinkName }, within)
    const grants = grantAll(name, { role, database, schema, compute, table }, this)
    const publicKeys = this.#keyPairs(name, args)
    const user = new snowflake.ServiceUser(
      `${name}-sink`,
      {
        name: sinkName,
        defaultRole: role.name,
        // else every role that the user is ever granted would count
        defaultSecondaryRolesOption: 'NONE',
        defaultWarehouse: compute.name,
        ...(publicKeys[1] && { rsaPublicKey: publicKeys[1] }),
        ...(publicKeys[2] && { rsaPublicKey2: publicKeys[2] }),
      },
      { ...within, dependsOn: grants },
    )
    const granted = new snowflake.GrantAccountRole(
      `${name}-sink`,
      { roleName: role.name, userName: user.name },
      within,
    )
    // Whoever logs in waits until the user has this key and this role.
    const ready = pulumi.all([user.id, granted.id])
    this.keySecretArn = pulumi
      .all([args.keys.active.secret.arn, ready])
      .apply(([secretArn]) => secretArn)
    this.env = {
      WAREHOUSE: 'snowflake:',
      SNOWFLAKE_ACCOUNT: wanted.account,
      SNOWFLAKE_USER: user.name,
      SNOWFLAKE_ROLE: role.name,
      SNOWFLAKE_DATABASE: database.name,
      SNOWFLAKE_SCHEMA: schema.name,
      SNOWFLAKE_WAREHOUSE: compute.name,
      // nobody reads it: it restarts the sink where a raise by two left its key in the same slot
      SNOWFLAKE_KEY_GENERATION: String(wanted.keyGeneration),
      ...(wanted.url !== undefined && { SNOWFLAKE_URL: wanted.url }),
    }
    this.registerOutputs({ table: this.table })
  }

  #keyPairs(name: string, { settings, keys, control }: WarehouseArgs) {
    const publicKeys: Partial<Record<KeySlot, pulumi.Output<string>>> = {}
    for (const { slot, generation, secret } of keys.secrets) {
      const key = new ServiceKey(
        `${name}-key-${slot}`,
        {
          functionName: control.functionName,
          region: settings.region,
          secretArn: secret.arn,
          generation,
        },
        { parent: this },
      )
      publicKeys[slot] = key.publicKey
    }
    return publicKeys
  }
}

interface Granted {
  role: snowflake.AccountRole
  database: snowflake.Database
  schema: snowflake.Schema
  compute: snowflake.Warehouse
  table: snowflake.Execute
}

function grantAll(
  name: string,
  { role, database, schema, compute, table }: Granted,
  parent: pulumi.Resource,
): snowflake.GrantPrivilegesToAccountRole[] {
  const grant = (
    what: string,
    args: Omit<snowflake.GrantPrivilegesToAccountRoleArgs, 'accountRoleName'>,
    dependsOn: pulumi.Resource[] = [],
  ) =>
    new snowflake.GrantPrivilegesToAccountRole(
      `${name}-${what}`,
      { accountRoleName: role.name, ...args },
      { parent, dependsOn },
    )
  return [
    grant('use-database', {
      privileges: ['USAGE'],
      onAccountObject: { objectType: 'DATABASE', objectName: database.name },
    }),
    grant('use-schema', {
      privileges: ['USAGE'],
      onSchema: { schemaName: pulumi.interpolate`"${database.name}"."${schema.name}"` },
    }),
    grant('use-compute', {
      privileges: ['USAGE'],
      onAccountObject: { objectType: 'WAREHOUSE', objectName: compute.name },
    }),
    grant(
      'write-orders',
      {
        privileges: ['SELECT', 'INSERT', 'UPDATE'],
        onSchemaObject: {
          objectType: 'TABLE',
          objectName: pulumi.interpolate`"${database.name}"."${schema.name}"."${TABLE}"`,
        },
      },
      [table],
    ),
  ]
}
