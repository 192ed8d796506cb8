import { DLQ_HEADERS } from '@order-up/schemas'
import type { Finding, Held, Pair } from './lane.ts'
import { visitHeaders, type RecordView } from '@order-up/kit'
import { hexOf, sameBytes, textOf } from './row-fields.ts'

/** A dead letter's headers, in the order of their names; those of one name as they came. */
type Headers = readonly (readonly [name: string, value: Buffer | null])[]

/** never compared: it is for a person, or says who wrote it */
const LEFT_OUT: ReadonlySet<string> = new Set([DLQ_HEADERS.detail, DLQ_HEADERS.engine])

/** What of a dead letter is compared, as bytes: its value and its headers, but for the order of different names. */
export function deadLetterContent(value: Buffer | null, headers: Headers): Buffer {
  const sorted = headers
    .filter(([name]) => !LEFT_OUT.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const parts: Buffer[] = [framed(value)]
  for (const [name, bytes] of sorted) parts.push(framed(Buffer.from(name)), framed(bytes))
  return Buffer.concat(parts)
}

/** The same of a record as it lies in a fetch. */
export function deadLetterIn(record: RecordView): Buffer {
  const { buf, valueStart, valueLength } = record
  const headers: [string, Buffer | null][] = []
  visitHeaders(record, (nameStart, nameLength, start, length) => {
    const name = buf.toString('utf8', nameStart, nameStart + nameLength)
    headers.push([name, length < 0 ? null : buf.subarray(start, start + length)])
  })
  const value = valueLength < 0 ? null : buf.subarray(valueStart, valueStart + valueLength)
  return deadLetterContent(value, headers)
}

/** What `deadLetterContent` put together. */
export function readDeadLetter(content: Buffer): { value: Buffer | null; headers: Headers } {
  let at = 0
  const next = (): Buffer | null => {
    const length = content.readInt32BE(at)
    at += 4
    if (length < 0) return null
    at += length
    return content.subarray(at - length, at)
  }
  const value = next()
  const headers: [string, Buffer | null][] = []
  while (at < content.length) headers.push([next()!.toString(), next()])
  return { value, headers }
}

/** Names what differs between two dead letters: `key`, `value`, or headers by their names. */
export function deadLetterFields(a: Held, b: Held): Finding['fields'] {
  const fields: Record<string, Pair<string | number | null>> = {}
  if (!sameBytes(a.key, b.key)) fields['key'] = [textOf(a.key), textOf(b.key)]
  const [letterA, letterB] = [readDeadLetter(a.content!), readDeadLetter(b.content!)]
  if (!sameBytes(letterA.value, letterB.value))
    fields['value'] = [hexOf(letterA.value), hexOf(letterB.value)]
  const names = new Set([...letterA.headers, ...letterB.headers].map(([name]) => name))
  for (const name of names) {
    const [valuesA, valuesB] = [valuesOf(letterA.headers, name), valuesOf(letterB.headers, name)]
    const same =
      valuesA.length === valuesB.length &&
      valuesA.every((value, i) => sameBytes(value, valuesB[i] ?? null))
    if (!same) fields[name] = [shown(valuesA), shown(valuesB)]
  }
  return fields
}

const valuesOf = (headers: Headers, name: string) =>
  headers.filter(([n]) => n === name).map(([, value]) => value)

/** null = the header is not there */
const shown = (values: readonly (Buffer | null)[]): string | null =>
  values.length === 0
    ? null
    : values.map((value) => (value === null ? '(null)' : textOf(value))).join(', ')

function framed(bytes: Buffer | null): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes === null ? -1 : bytes.length)
  return bytes === null ? length : Buffer.concat([length, bytes])
}
