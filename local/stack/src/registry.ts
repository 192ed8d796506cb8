import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '@order-up/kit'
import { freePort } from './ports.ts'
import type { Parts } from './parts.ts'
import type { ChildSpec } from './supervisor.ts'

const HOST = '127.0.0.1'
const READY_MS = 60_000

export interface RegistryOptions {
  parts: Parts
  /** of its database: schemas and their ids are kept from run to run */
  folder: string
  port: number
}

/** Confluent's API of the registry on this port. */
export const registryUrl = (port: number) => `http://${HOST}:${port}/apis/ccompat/v7`

/** The schema registry (Apicurio) on 127.0.0.1, as a child for the supervisor. */
export async function registryChild({ parts, folder, port }: RegistryOptions): Promise<ChildSpec> {
  const properties = {
    'quarkus.http.host': HOST,
    'quarkus.http.port': port,
    'quarkus.management.host': HOST,
    'quarkus.management.port': await freePort(),
    'quarkus.log.level': 'WARN',
    'apicurio.storage.kind': 'sql',
    'apicurio.storage.sql.kind': 'h2',
    'apicurio.datasource.url': `jdbc:h2:file:${join(folder, 'h2')}`,
  }
  return {
    name: 'registry',
    command: join(parts.jdk.home, 'bin/java'),
    args: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      ...parts.classArchive('registry'),
      ...Object.entries(properties).map(([key, value]) => `-D${key}=${value}`),
      '-cp',
      `${parts.leashJar}:${join(parts.registryHome, 'quarkus-run.jar')}`,
      'Leash',
      'io.quarkus.bootstrap.runner.QuarkusEntryPoint',
    ],
    prepare: async () => void (await mkdir(folder, { recursive: true })),
    ready: (signal) => until(() => answers(port), signal),
    readyMs: READY_MS,
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`${registryUrl(port)}/subjects`, {
      signal: AbortSignal.timeout(2_000),
    })
    await answer.arrayBuffer()
    return answer.status === 200
  } catch {
    return false
  }
}
