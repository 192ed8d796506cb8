import curated1 from '../avro/orders.orders.curated-value.v1.json' with { type: 'json' }
import raw1 from '../avro/orders.events.raw-value.v1.json' with { type: 'json' }
import { CURATED_SUBJECT, RAW_SUBJECT } from './names.ts'

/** Every Avro schema ever released, per subject, oldest first: the last is the one that writers use. */
export const AVRO_SCHEMAS: Readonly<Record<string, readonly object[]>> = {
  [RAW_SUBJECT]: [raw1],
  [CURATED_SUBJECT]: [curated1],
}

/** The schema that this code writes to a subject. */
export function currentSchema(subject: string): object {
  const schema = AVRO_SCHEMAS[subject]?.at(-1)
  if (!schema) throw new Error(`no schema for subject ${subject}`)
  return schema
}
