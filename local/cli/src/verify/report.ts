import { printable } from '../text-table.ts'
import type { Row } from './scratch.ts'
import type { Problem } from './compare.ts'
import type { Verdict } from './verify.ts'

/** A verdict for a person. */
export function report({ verdict, counts, problems }: Verdict): string {
  const n = (count: number) => count.toLocaleString('en')
  const reasons = Object.entries(counts.deadLetters)
    .map(([reason, count]) => `${reason} ${n(count)}`)
    .join(', ')
  const lines = [
    `raw         ${n(counts.raw)} records = ${n(counts.applied)} applied + ${n(counts.duplicate)} duplicate + ${n(counts.deadLetter)} malformed`,
    ...(counts.later > 0
      ? [`            ${n(counts.later)} of them came meanwhile: their rows need not be there yet`]
      : []),
    `curated     ${n(counts.curated)} rows${repeated(counts)}`,
    `dead letter ${n(counts.deadLetterRecords)} records${reasons && ` (${reasons})`}`,
    `warehouse   ${n(counts.warehouse)} rows, ${n(counts.orders)} orders by the fold`,
    ...problems.flatMap(problemLines),
    problems.length === 0
      ? 'PASS: the fold, SQL and the warehouse agree on every row; no key twice'
      : `${verdict}: ${problems.length} of the checks failed`,
  ]
  return lines.join('\n')
}

/** What a swap leaves in curated: harmless, and told. */
function repeated({ curatedAgain, curatedFilled }: Verdict['counts']): string {
  const parts = [
    ...(curatedAgain > 0 ? [`${curatedAgain.toLocaleString('en')} written twice, alike`] : []),
    ...(curatedFilled > 0 ? [`${curatedFilled.toLocaleString('en')} filled in`] : []),
  ]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function problemLines({ check, says, count, examples }: Problem): string[] {
  const more = count > examples.length ? [`    … and ${count - examples.length} more`] : []
  return [
    '',
    `${check}: ${says} (${count})`,
    ...examples.map((e) => `    ${printable(exampleLine(e))}`),
    ...more,
    '',
  ]
}

function exampleLine(example: Row): string {
  const { expected, found } = example
  if (typeof example['order_id'] === 'string' && (isRow(expected) || isRow(found)))
    return `order ${example['order_id']}: ${difference(rowIn(expected), rowIn(found))}`
  return Object.entries(example)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')
}

type Fields = Readonly<Record<string, unknown>>

const isRow = (json: unknown) => typeof json === 'string' && json.startsWith('{')

/** null where the side has no such order: the full join gives a row of nulls */
function rowIn(json: unknown): Fields | null {
  if (!isRow(json)) return null
  const row = JSON.parse(String(json)) as Fields
  return row['order_id'] === null ? null : row
}

function difference(expected: Fields | null, found: Fields | null): string {
  if (!found) return `missing; expected version ${String(expected?.['version'])}`
  if (!expected) return `not expected; found version ${String(found['version'])}`
  return Object.keys(expected)
    .filter((field) => expected[field] !== found[field])
    .map(
      (field) =>
        `${field} is ${JSON.stringify(found[field])}, expected ${JSON.stringify(expected[field])}`,
    )
    .join('; ')
}
