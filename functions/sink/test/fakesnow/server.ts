import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { startPythonServer } from '@order-up/kit/testing'
import type { SnowflakeOptions } from '../../src/snowflake.ts'

const FAKESNOW = {
  name: 'fakesnow',
  version: '0.12.1',
  extra: 'server',
  also: ['snowflake-connector-python<5'],
}

export interface FakeSnowflake {
  options: SnowflakeOptions
  stop(): Promise<void>
}

/** Starts a fakesnow with an empty database, or says why it cannot. */
export async function startFakeSnowflake(): Promise<FakeSnowflake | { missing: string }> {
  const shim = join(import.meta.dirname, 'shim.py')
  const server = await startPythonServer(FAKESNOW, (port) => [shim, String(port)])
  if ('missing' in server) return server
  return {
    options: {
      url: server.url,
      account: 'fakesnow',
      user: 'SINK',
      privateKey: newKey(), // fakesnow checks no signature; that the driver can make one is what is seen
      database: 'ORDER_UP',
      schema: 'PUBLIC',
    },
    stop: server.stop,
  }
}

/** A key as a service user has it: PEM, PKCS#8. */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
