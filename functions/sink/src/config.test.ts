import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '@order-up/kit'
import { SinkConfig, checkWarehouse, openWarehouse } from './config.ts'

const parse = (env: Record<string, string>) =>
  parseConfig(SinkConfig.superRefine(checkWarehouse), env)

const SNOWFLAKE = {
  WAREHOUSE: 'snowflake:',
  SNOWFLAKE_ACCOUNT: 'a',
  SNOWFLAKE_USER: 'u',
  SNOWFLAKE_DATABASE: 'd',
  SNOWFLAKE_SCHEMA: 's',
  SNOWFLAKE_PRIVATE_KEY_PATH: '/nowhere/key.p8',
}

test('a DuckDB file, or Snowflake with all that it needs', async () => {
  const memory = await openWarehouse(parse({ WAREHOUSE: 'duckdb::memory:' }))
  assert.equal(memory.name, 'duckdb::memory:')
  await memory.close()
  const { SNOWFLAKE_PRIVATE_KEY_PATH: _, ...rest } = SNOWFLAKE
  const snowflake = await openWarehouse(parse({ ...rest, SNOWFLAKE_PRIVATE_KEY: 'secret' }))
  assert.equal(snowflake.name, 'snowflake:a/d.s')
})

for (const [what, env, why] of [
  ['no warehouse', {}, /WAREHOUSE is not set/],
  [
    'another warehouse',
    { WAREHOUSE: 'oracle:' },
    /WAREHOUSE="oracle:": duckdb:<path> or snowflake:/,
  ],
  ['no account', { ...SNOWFLAKE, SNOWFLAKE_ACCOUNT: '' }, /SNOWFLAKE_ACCOUNT=""/],
  [
    'no key',
    { ...SNOWFLAKE, SNOWFLAKE_PRIVATE_KEY_PATH: undefined },
    /SNOWFLAKE_PRIVATE_KEY_PATH is not set: exactly one/,
  ],
  ['two keys', { ...SNOWFLAKE, SNOWFLAKE_PRIVATE_KEY: 'secret' }, /exactly one/],
] as const) {
  test(`${what}: refused, with the key and the rule`, () => {
    const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
    assert.throws(
      () => parse(given as Record<string, string>),
      (error: Error) => {
        assert.match(error.message, why)
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  })
}

test('a key file that cannot be read is named', async () => {
  await assert.rejects(openWarehouse(parse(SNOWFLAKE)), {
    code: 'CONFIG',
    message: 'Cannot read SNOWFLAKE_PRIVATE_KEY_PATH=/nowhere/key.p8',
  })
})
