import type { Counts, Difference, Report } from './report.ts'

const number = (n: number) => n.toLocaleString('en')
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
const seconds = (ms: number) => `${number(Math.round(ms / 1_000))} s`

const SHOWN_EXAMPLES = 5

/** A report for a person: one fact a line, names and values aligned. */
export function reportLines(report: Report): string[] {
  const { sides, seen, floor, comparison, planted } = report
  const names = sides.map(({ deployment }) => deployment)
  const missed = planted.filter(({ caught }) => !caught)
  const facts: [name: string, value: string][] = [
    ['verdict', `${report.verdict}: ${report.reason}`],
    ['compared', `${names.join(' and ')} (artefacts ${sides.map(shortArtifact).join(' and ')})`],
    ['rows', countsLine(report.rows, names)],
    ['dead letters', countsLine(report.deadLetters, names)],
    ...fieldFacts(report),
    ['covered', coveredLine(report.covered)],
    [
      'seen',
      `${number(report.rows.equal + report.rows.different)} of ${number(floor.rows)} rows, ` +
        `${number(seen.orders)} of ${number(floor.orders)} orders, ` +
        `${seen.eventTypes.length} of ${seen.rawEventTypes.length} event types that raw holds`,
    ],
    ...sides.map(({ deployment }): [string, string] => [deployment, lagLine(report, deployment)]),
    [
      'comparer',
      `${comparison.behind === null ? 'not known how far' : `${number(comparison.behind)} records`} behind, ` +
        `${number(comparison.held)} held in memory`,
    ],
    [
      'planted',
      planted.length === 0
        ? 'no fault yet'
        : `${planted.length - missed.length} of ${planted.length} faults caught` +
          missed.map(({ fault, instead }) => `; ${fault}: ${instead ?? 'not reported'}`).join(''),
    ],
    ['means', report.statement],
    ['at', `${iso(report.at)}, expires ${iso(report.expiresAt)}`],
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  return [
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...report.differences.slice(0, SHOWN_EXAMPLES).map((difference) => `  ${example(difference)}`),
  ]
}

const shortArtifact = ({ artifact }: { artifact: string }) => artifact.slice(-12)

function countsLine({ equal, different, onlyIn, twice }: Counts, names: readonly string[]): string {
  const parts = [`${number(equal)} equal`, `${number(different)} different`]
  for (const name of names) parts.push(`${number(onlyIn[name] ?? 0)} only in ${name}`)
  for (const name of names) if (twice[name]) parts.push(`${number(twice[name])} twice in ${name}`)
  return parts.join(', ')
}

function fieldFacts({ fields }: Report): [string, string][] {
  const all = Object.entries(fields).toSorted(([, a], [, b]) => b - a)
  if (all.length === 0) return []
  return [['fields', all.map(([name, count]) => `${name} ${number(count)} times`).join(', ')]]
}

const coveredLine = (covered: Report['covered']) =>
  covered.map(({ from, to }, p) => `${p}: ${number(from)}–${number(to)}`).join(', ') +
  ' (raw partition: offsets)'

function lagLine({ lags }: Report, deployment: string): string {
  const lag = lags[deployment]
  if (!lag || lag.records === null) return 'not known how far behind'
  const idle =
    lag.records > 0 && lag.idleMs !== null ? `, last commit ${seconds(lag.idleMs)} ago` : ''
  return `${number(lag.records)} records behind the end of raw${idle}`
}

function example({
  kind,
  is,
  deployment,
  order_id,
  version,
  partition,
  offset,
  fields,
}: Difference) {
  const what =
    is === 'different' ? 'differs' : `${is === 'twice' ? 'twice' : 'only'} in ${deployment}`
  const of = `${order_id ?? 'no order'}${version === null ? '' : ` version ${version}`}`
  const values = Object.entries(fields).map(
    ([name, bySide]) =>
      `${name} ${Object.entries(bySide)
        .map(([side, value]) => `${JSON.stringify(value)} in ${side}`)
        .join(', ')}`,
  )
  return [`${kind} of ${of} (raw ${partition}/${offset}) ${what}`, ...values].join('; ')
}
