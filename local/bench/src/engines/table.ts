import { COLUMNS, type Column } from './columns.ts'
import { BASELINE, type Measure } from './contestants.ts'
import { ratioToBaseline, type Spread, type Summary } from './summary.ts'

const UNKNOWN = '–'

/** A number in English, with all its digits. */
export const shown = (value: number, digits: number) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

/** A measure's medians in markdown, with the least and the most of the runs, and the multiples of the baseline. */
export function tableOf(measure: Measure, summaries: readonly Summary[]): string {
  const own = summaries.filter((summary) => summary.measure === measure)
  const columns = COLUMNS[measure]
  const head = ['', ...columns.flatMap(({ figure, ratio }) => [figure, ...(ratio ? ['×'] : [])])]
  const rows = own.map((summary) => [
    summary.contestant,
    ...columns.flatMap((column) => cellsOf(column, summary, summaries)),
  ])
  return linesOf([head, ...rows])
}

function cellsOf(column: Column, summary: Summary, all: readonly Summary[]): string[] {
  const { figure, digits, ratio } = column
  const cell = spreadCell(summary.figures[figure], digits)
  if (!ratio) return [cell]
  const multiple = ratioToBaseline(all, summary, figure)
  return [cell, multiple === undefined ? UNKNOWN : shown(multiple, 2)]
}

/** The median, and the least and the most where there are several runs. */
export function spreadCell(spread: Spread | undefined, digits: number): string {
  if (spread === undefined) return UNKNOWN
  const { median, min, max, runs } = spread
  const middle = shown(median, digits)
  return runs > 1 ? `${middle} (${shown(min, digits)}–${shown(max, digits)})` : middle
}

const MAX_REASON = 200

/** A line for each reason why runs have no figures; a median then is of the other runs. */
export function failureLines(summaries: readonly Summary[]): string[] {
  const failed = summaries.flatMap(({ measure, contestant, failures }) =>
    failures.map((why) => ({
      why: why.replace(/\s+/g, ' ').trim(),
      who: `${contestant} (${measure})`,
    })),
  )
  return [...Map.groupBy(failed, ({ why }) => why)].map(([why, all]) => {
    const reason = why.length > MAX_REASON ? `${why.slice(0, MAX_REASON)}…` : why
    return `- ${all.map(({ who }) => who).join(', ')}: ${reason}`
  })
}

/** A table in markdown, its first row the head. Columns are as wide as their widest cell: the text reads as well as the page. */
export function linesOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(3, ...rows.map((row) => row[i]!.length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`
  const rule = `| ${widths.map((w, i) => (i === 0 ? '-'.repeat(w) : `${'-'.repeat(w - 1)}:`)).join(' | ')} |`
  const [head, ...rest] = rows
  return [line(head!), rule, ...rest.map(line)].join('\n')
}

/** What the × of a table means. */
export const RATIO_NOTE = `× is the multiple of ${BASELINE}'s median`
