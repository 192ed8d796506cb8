import type { Report } from './report.ts'

/** What speaks for and against a verdict, beside what the report says itself. */
export interface Evidence {
  report: Pick<
    Report,
    | 'rows'
    | 'deadLetters'
    | 'strays'
    | 'fields'
    | 'seen'
    | 'floor'
    | 'lags'
    | 'comparison'
    | 'planted'
  >
  /** the two deployments */
  names: readonly [string, string]
  /** what was found and is not counted yet; it is no less true */
  pending: number
  /** raw has been searched for event types about as far as rows are compared */
  searched: boolean
  /** reading pauses: as many rows wait as may */
  full: boolean
  /** a transaction that holds readers back for longer than `stallMs`, in words */
  open: string | undefined
  /** why nothing can be read */
  trouble: string | undefined
  /** records that a side, or the comparer, may be behind */
  lagBound: number
  /** how long a side that is behind may commit nothing, milliseconds */
  stallMs: number
  maxHeldRows: number
}

const number = (n: number) => n.toLocaleString('en')
const some = (n: number, one: string) => `${number(n)} ${one}${n === 1 ? '' : 's'}`

/** The answer, and why. One disagreement is a FAIL, whatever else is true. */
export function judge(evidence: Evidence): Pick<Report, 'verdict' | 'reason'> {
  const against = disagreements(evidence)
  if (against.length > 0) return { verdict: 'FAIL', reason: against.join('; ') }
  const lacking = whatLacks(evidence)
  if (lacking.length > 0) return { verdict: 'INCONCLUSIVE', reason: lacking.join('; ') }
  const { rows, deadLetters, seen } = evidence.report
  return {
    verdict: 'PASS',
    reason:
      `${some(rows.equal, 'row')} of ${some(seen.orders, 'order')} and ` +
      `${some(deadLetters.equal, 'dead letter')} are equal byte for byte, and none differs`,
  }
}

function disagreements({ report, names, pending }: Evidence): string[] {
  const found: string[] = []
  for (const [kind, { different, onlyIn, twice }] of [
    ['row', report.rows],
    ['dead letter', report.deadLetters],
  ] as const) {
    if (different > 0)
      found.push(`${some(different, kind)} ${different === 1 ? 'differs' : 'differ'}`)
    names.forEach((name, i) => {
      const other = names[1 - i]!
      if (onlyIn[name]) found.push(`${some(onlyIn[name], kind)} of ${name} ${other} lacks`)
    })
    for (const name of names)
      if (twice[name]) found.push(`${name} wrote ${some(twice[name], kind)} more than once`)
  }
  for (const name of names)
    if (report.strays[name])
      found.push(
        `${some(report.strays[name], 'record')} of ${name} do not say which raw record they are of`,
      )
  if (pending > 0) found.push(`${some(pending, 'disagreement')} beyond what is counted yet`)
  const fields = Object.entries(report.fields).toSorted(([, a], [, b]) => b - a)
  if (fields.length > 0)
    found.push(`in ${fields.map(([field, n]) => `${field} (${number(n)})`).join(', ')}`)
  return found
}

function whatLacks(evidence: Evidence): string[] {
  const { report, names, lagBound, stallMs } = evidence
  const { rows, seen, floor, lags, comparison, planted } = report
  const lacking: string[] = []
  if (evidence.trouble) lacking.push(evidence.trouble)
  if (evidence.open) lacking.push(evidence.open)
  let allNear = true
  for (const name of names) {
    const { records = null, idleMs = null } = lags[name] ?? {}
    if (records === null) lacking.push(`it is not known how far ${name} is`)
    else if (records > 0 && idleMs !== null && idleMs >= stallMs)
      lacking.push(
        `${name} stands still: it has committed nothing for ${Math.round(idleMs / 1_000)} s, with ${some(records, 'record')} of raw to go`,
      )
    else if (records > lagBound)
      lacking.push(
        `${name} is ${some(records, 'record')} behind, over the bound of ${number(lagBound)}`,
      )
    allNear &&= records !== null && records <= lagBound
  }
  if (comparison.behind === null) lacking.push('it is not known how far the comparison is')
  else if (comparison.behind > lagBound && evidence.full && allNear)
    lacking.push(
      `the memory bound was hit: ${some(comparison.held, 'record')} wait for the other side's (MAX_HELD_ROWS ${number(evidence.maxHeldRows)})`,
    )
  else if (comparison.behind > lagBound)
    lacking.push(`the comparison itself is ${some(comparison.behind, 'record')} behind`)
  if (rows.equal < floor.rows)
    lacking.push(`${number(rows.equal)} of ${some(floor.rows, 'row')} were compared`)
  if (seen.orders < floor.orders)
    lacking.push(`${number(seen.orders)} of ${some(floor.orders, 'order')} were seen`)
  const unseen = seen.rawEventTypes.filter((type) => !seen.eventTypes.includes(type))
  if (unseen.length > 0)
    lacking.push(`raw holds ${unseen.join(', ')}, of which no row was compared`)
  if (!evidence.searched) lacking.push('raw is still being searched for event types')
  if (planted.length === 0) lacking.push('no fault has been planted yet')
  for (const { fault, caught } of planted)
    if (!caught) lacking.push(`a planted fault was not reported as what it is: ${fault}`)
  return lacking
}

/**
 * What the rows compared say about those to come. "Rule of three" (Hanley and Lippman-Hand, JAMA 1983): of n samples with
 * no event, the rate is at most 3/n at 95 % confidence.
 */
export function statementOf({ equal, different, onlyIn, twice }: Report['rows']): string {
  const sum = (bySide: Readonly<Record<string, number>>) =>
    Object.values(bySide).reduce((a, b) => a + b, 0)
  const differing = different + sum(onlyIn) + sum(twice)
  const n = equal + different + sum(onlyIn)
  if (differing > 0)
    return `${number(differing)} of ${some(n, 'row')} do not agree: that is a fault to find, not a rate to accept.`
  if (n < 3) return 'Too few rows were compared to bound anything.'
  return (
    `With no difference in ${number(n)} rows, at 95 % confidence at most 3/${number(n)} of rows ` +
    `(1 in ${number(Math.floor(n / 3))}) differ, provided that the rows compared are like those to come.`
  )
}
