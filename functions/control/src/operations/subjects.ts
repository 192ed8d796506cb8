import { createRegistry } from '@order-up/kit'
import { AVRO_SCHEMAS } from '@order-up/schemas'
import type { SubjectEvent } from '../lambda-events.ts'

/**
 * Sets a subject's compatibility, then registers its schemas in their order; what is registered already is left alone.
 * @returns the id of each
 * @throws TerminalError `SCHEMA_INCOMPATIBLE` in the registry's own words
 */
export async function ensureSubject(
  registryUrl: string,
  { subject, schemas, compatibility }: Omit<SubjectEvent, 'action'>,
): Promise<number[]> {
  const registry = createRegistry(registryUrl)
  await registry.setCompatibility(subject, compatibility)
  const ids: number[] = []
  for (const schema of schemas)
    ids.push(await registry.register(subject, JSON.parse(schema) as object))
  return ids
}

/** Every schema of the contract, in both subjects. */
export async function registerSchemas(registryUrl: string): Promise<void> {
  for (const [subject, schemas] of Object.entries(AVRO_SCHEMAS))
    await ensureSubject(registryUrl, {
      subject,
      schemas: schemas.map((schema) => JSON.stringify(schema)),
      compatibility: 'FULL_TRANSITIVE',
    })
}
