import { isUtf8 } from 'node:buffer'
import { decodeCurated, type CuratedOrder, type SchemaIds } from '@order-up/schemas'
import type { Finding, Held, Pair } from './lane.ts'

type Shown = string | number | null

/**
 * Names what differs between two rows that are not the same bytes. Rows of two schema ids are compared as they are
 * read, since their bytes are bound to differ; which versions these are is the registry's to say.
 * @param ids all of the curated subject
 * @returns by field of the schema, or `key`; `value` where one is no row; `encoding` where only the bytes differ
 */
export function rowFields(a: Held, b: Held, ids: SchemaIds): Finding['fields'] {
  const fields: Record<string, Pair<Shown>> = {}
  if (!sameBytes(a.key, b.key)) fields['key'] = [textOf(a.key), textOf(b.key)]
  if (sameBytes(a.content, b.content)) return fields
  const [rowA, rowB] = [decodeCurated(a.content, ids), decodeCurated(b.content, ids)]
  if (rowA.kind !== 'row' || rowB.kind !== 'row') {
    fields['value'] = [hexOf(a.content), hexOf(b.content)]
    return fields
  }
  const acrossSchemas = !sameBytes(a.content!.subarray(0, 5), b.content!.subarray(0, 5))
  for (const name of Object.keys(rowA.row) as (keyof CuratedOrder)[]) {
    if (name === 'schema_version' && acrossSchemas) continue
    const [valueA, valueB] = [rowA.row[name], rowB.row[name]]
    if (valueA !== valueB) fields[name] = [valueA, valueB]
  }
  if (Object.keys(fields).length === 0 && !acrossSchemas)
    fields['encoding'] = [hexOf(a.content), hexOf(b.content)]
  return fields
}

/** Whose row it is, where it can be read. */
export function rowOf(
  { content }: Held,
  ids: SchemaIds,
): Pick<CuratedOrder, 'order_id' | 'version'> | undefined {
  const decoded = decodeCurated(content, ids)
  return decoded.kind === 'row' ? decoded.row : undefined
}

export const sameBytes = (a: Buffer | null, b: Buffer | null) =>
  a === null || b === null ? a === b : a.equals(b)

const SHOWN_BYTES = 200

/** As text where it is some, else in hex; cut. */
export const textOf = (bytes: Buffer | null): string | null =>
  bytes !== null && isUtf8(bytes) ? bytes.toString().slice(0, SHOWN_BYTES) : hexOf(bytes)

export const hexOf = (bytes: Buffer | null): string | null =>
  bytes && bytes.subarray(0, SHOWN_BYTES).toString('hex')
