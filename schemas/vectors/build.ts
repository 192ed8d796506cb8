import { writeFileSync } from 'node:fs'
import type { Vector } from './index.ts'
import { acceptVectors } from './authoring/accept.ts'
import { anyStart } from './authoring/fold-any-start.ts'
import { duplicates } from './authoring/fold-duplicates.ts'
import { lastWriter } from './authoring/fold-last-writer.ts'
import { sums } from './authoring/fold-sums.ts'
import { placement } from './authoring/placement.ts'
import { bytesVectors } from './authoring/reject-bytes.ts'
import { fieldVectors } from './authoring/reject-fields.ts'
import { orderVectors } from './authoring/reject-order.ts'

/** Every file of vectors, by name, as it must be on disk; writes nothing. */
export function buildVectors(): Map<string, string> {
  return new Map([
    ['fold-any-start.json', file(anyStart)],
    ['fold-duplicates.json', file(duplicates)],
    ['fold-last-writer.json', file(lastWriter)],
    ['fold-sums.json', file(sums)],
    ['accept-encodings.json', file(acceptVectors)],
    ['reject-bytes.json', file(bytesVectors)],
    ['reject-fields.json', file(fieldVectors)],
    ['reject-order.json', file(orderVectors)],
    ['placement.json', `${lines({ contract: 1, keys: placement }, 2)}\n`],
  ])
}

const file = (vectors: readonly Vector[]) => `${lines({ contract: 1, vectors }, 5)}\n`

/** JSON in ASCII, with a line for each value down to `depth` levels and one line for what lies deeper. */
function lines(value: unknown, depth: number, indent = ''): string {
  if (depth === 0 || typeof value !== 'object' || value === null) return ascii(value)
  const inner = `${indent}  `
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const body = Array.isArray(value)
    ? value.map((v) => inner + lines(v, depth - 1, inner))
    : Object.entries(value).map(([k, v]) => `${inner}"${k}": ${lines(v, depth - 1, inner)}`)
  return `${open}\n${body.join(',\n')}\n${indent}${close}`
}

const ascii = (value: unknown) =>
  JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

if (import.meta.main)
  for (const [name, text] of buildVectors()) writeFileSync(new URL(name, import.meta.url), text)
