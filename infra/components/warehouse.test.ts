import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTableSql, SNOWFLAKE } from '@order-up/sink/ddl'
import { ControlFunction } from './control-function.ts'
import { KeySecrets } from './key-secrets.ts'
import { ACCOUNT, KEY, register, REGION, runtimeOf, settingsOf } from './stack.fixture.ts'
import { StateBucket } from './state-bucket.ts'
import { Warehouse } from './warehouse.ts'

const registerWarehouse = (keyGeneration = 1, protect = false) =>
  register(() => {
    const runtime = runtimeOf({ protect })
    const settings = {
      ...settingsOf({
        warehouse: {
          account: 'MYORG-MYACCOUNT',
          url: 'https://x.privatelink.example',
          keyGeneration,
        },
      }),
      protect,
    }
    const state = new StateBucket('state', { runtime })
    const keys = new KeySecrets('service-key', { runtime, generation: keyGeneration })
    const control = new ControlFunction('control', { runtime, state, keys })
    const warehouse = new Warehouse('warehouse', { settings, keys, control })
    return { table: warehouse.table, env: warehouse.env }
  })

const GRANT = 'snowflake:index/grantPrivilegesToAccountRole:GrantPrivilegesToAccountRole'
const SERVICE_KEY = 'pulumi-nodejs:dynamic/order-up:ServiceKey'
const SECRET = 'aws:secretsmanager/secret:Secret'

test("the table comes by the sink's own statement, in full, and is never dropped by this program", async () => {
  const { one, outputs } = await registerWarehouse()

  const { execute, revert } = one('snowflake:index/execute:Execute').inputs
  assert.equal(
    execute,
    createTableSql(SNOWFLAKE).replace(
      'CREATE TABLE IF NOT EXISTS ORDERS (',
      'CREATE TABLE IF NOT EXISTS ORDER_UP.ORDERS.ORDERS (',
    ),
  )
  assert.match(execute, /EXISTS ORDER_UP\.ORDERS\.ORDERS \(\n {2}ORDER_ID VARCHAR NOT NULL,/)
  assert.equal(revert, 'SELECT 1')
  assert.equal(outputs['table'], 'ORDER_UP.ORDERS.ORDERS')
})

test('the role may use database, schema and compute warehouse, and read and write the table: nothing else', async () => {
  const { all } = await registerWarehouse()

  assert.deepEqual(Object.fromEntries(all(GRANT).map(({ name, inputs }) => [name, inputs])), {
    'warehouse-use-database': {
      accountRoleName: 'ORDER_UP_SINK',
      privileges: ['USAGE'],
      onAccountObject: { objectType: 'DATABASE', objectName: 'ORDER_UP' },
    },
    'warehouse-use-schema': {
      accountRoleName: 'ORDER_UP_SINK',
      privileges: ['USAGE'],
      onSchema: { schemaName: '"ORDER_UP"."ORDERS"' },
    },
    'warehouse-use-compute': {
      accountRoleName: 'ORDER_UP_SINK',
      privileges: ['USAGE'],
      onAccountObject: { objectType: 'WAREHOUSE', objectName: 'ORDER_UP_SINK' },
    },
    'warehouse-write-orders': {
      accountRoleName: 'ORDER_UP_SINK',
      privileges: ['SELECT', 'INSERT', 'UPDATE'],
      onSchemaObject: { objectType: 'TABLE', objectName: '"ORDER_UP"."ORDERS"."ORDERS"' },
    },
  })
})

test('the service user has one key, then two: the old one goes on until the raise after next', async () => {
  for (const [generation, held] of [
    [1, { 1: 1 }],
    [2, { 1: 1, 2: 2 }],
    [3, { 1: 3, 2: 2 }],
  ] as const) {
    const { one, all } = await registerWarehouse(generation)

    assert.deepEqual(
      all(SERVICE_KEY).map(({ name, inputs }) => [
        name,
        inputs['generation'],
        inputs['secretArn'],
        inputs['functionName'],
      ]),
      Object.entries(held).map(([slot, n]) => [
        `warehouse-key-${slot}`,
        n,
        `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:service-key-${slot}-AbCdEf`,
        'control',
      ]),
    )
    const { rsaPublicKey, rsaPublicKey2 } = one('snowflake:index/serviceUser:ServiceUser').inputs
    assert.deepEqual(
      [rsaPublicKey, rsaPublicKey2],
      [1, 2].map((slot) => (slot in held ? `public-warehouse-key-${slot}` : undefined)),
    )
  }
})

test('the secrets of the keys are encrypted and empty: a private key is no input of anything', async () => {
  const { all, registrations } = await registerWarehouse(2)

  assert.deepEqual(
    all(SECRET).map(({ inputs }) => inputs),
    [1, 2].map((slot) => ({
      description: `Private key ${slot} of the warehouse's service user`,
      kmsKeyId: KEY,
      recoveryWindowInDays: 7,
    })),
  )
  assert.deepEqual(
    registrations.filter(({ type }) => /secretVersion|tls:/i.test(type)),
    [],
  )
})

test('the user has the one role and no other by default, and a small compute warehouse that sleeps', async () => {
  const { one, outputs } = await registerWarehouse()

  const { rsaPublicKey: _, ...user } = one('snowflake:index/serviceUser:ServiceUser').inputs
  assert.deepEqual(user, {
    name: 'ORDER_UP_SINK',
    defaultRole: 'ORDER_UP_SINK',
    defaultSecondaryRolesOption: 'NONE',
    defaultWarehouse: 'ORDER_UP_SINK',
  })
  assert.deepEqual(one('snowflake:index/grantAccountRole:GrantAccountRole').inputs, {
    roleName: 'ORDER_UP_SINK',
    userName: 'ORDER_UP_SINK',
  })
  assert.deepEqual(one('snowflake:index/warehouse:Warehouse').inputs, {
    name: 'ORDER_UP_SINK',
    warehouseSize: 'XSMALL',
    autoSuspend: 60,
    autoResume: 'true',
    initiallySuspended: true,
  })
  assert.deepEqual(outputs['env'], {
    WAREHOUSE: 'snowflake:',
    SNOWFLAKE_ACCOUNT: 'MYORG-MYACCOUNT',
    SNOWFLAKE_USER: 'ORDER_UP_SINK',
    SNOWFLAKE_ROLE: 'ORDER_UP_SINK',
    SNOWFLAKE_DATABASE: 'ORDER_UP',
    SNOWFLAKE_SCHEMA: 'ORDERS',
    SNOWFLAKE_WAREHOUSE: 'ORDER_UP_SINK',
    SNOWFLAKE_KEY_GENERATION: '1',
    SNOWFLAKE_URL: 'https://x.privatelink.example',
  })
})

test('where the stack is protected, database, schema and keys are, and the data stays when they go', async () => {
  for (const protect of [true, false]) {
    const { one, all } = await registerWarehouse(2, protect)

    for (const type of ['database:Database', 'schema:Schema']) {
      const stateful = one(`snowflake:index/${type}`)
      assert.deepEqual([stateful.protect, stateful.retainOnDelete], [protect, protect], type)
    }
    assert.deepEqual(
      all(SECRET).map((secret) => [secret.protect, secret.inputs['recoveryWindowInDays']]),
      [1, 2].map(() => [protect, protect ? 30 : 7]),
    )
  }
})
