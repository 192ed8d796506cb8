import { validate, type OrderEvent } from '@order-up/schemas'
import type { z } from 'zod'
import type { RejectedEvent } from './answers.ts'
import { EventJson, avroIndex } from './event-json.ts'

export interface Sorted {
  valid: { index: number; event: OrderEvent }[]
  rejected: RejectedEvent[]
}

/** Checks each event of a request as every engine will. Pure. */
export function sortEvents(candidates: readonly unknown[]): Sorted {
  const sorted: Sorted = { valid: [], rejected: [] }
  for (const [index, candidate] of candidates.entries()) {
    const checked = check(candidate)
    if ('reason' in checked) sorted.rejected.push({ index, ...eventIdOf(candidate), ...checked })
    else sorted.valid.push({ index, event: checked })
  }
  return sorted
}

function check(candidate: unknown): OrderEvent | Pick<RejectedEvent, 'reason' | 'detail'> {
  const parsed = EventJson.safeParse(candidate)
  if (!parsed.success) {
    const { issues } = parsed.error
    return { reason: reasonOf(issues), detail: detailOf(issues) }
  }
  const { event_type, payload, ...rest } = parsed.data
  const type = avroIndex(event_type)
  return validate({ ...rest, type, branch: type, payload: { ...payload } })
}

const isNumberRange = ({ code, ...issue }: z.core.$ZodIssue) =>
  (code === 'too_big' || code === 'too_small') &&
  'origin' in issue &&
  /^(int|number)$/.test(issue.origin)
const isNotUtf8 = (issue: z.core.$ZodIssue) =>
  issue.code === 'custom' && issue.params?.['utf8'] === false

/** In the contract's order, after what has no name there. */
function reasonOf(issues: readonly z.core.$ZodIssue[]): RejectedEvent['reason'] {
  if (!issues.every((issue) => isNumberRange(issue) || isNotUtf8(issue))) return 'invalid_shape'
  return issues.some(isNotUtf8) ? 'invalid_utf8' : 'number_out_of_range'
}

/** Enough to mend it: three of the issues, and no more of a hostile request than fits a line. */
function detailOf(issues: readonly z.core.$ZodIssue[]): string {
  const lines = issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'event'}: ${message}`)
  if (issues.length > 3) lines.push(`and ${issues.length - 3} more`)
  return lines.join('; ').slice(0, 500).toWellFormed()
}

function eventIdOf(candidate: unknown): { event_id?: string } {
  if (typeof candidate !== 'object' || candidate === null || !('event_id' in candidate)) return {}
  const { event_id } = candidate
  return typeof event_id === 'string' && event_id.length <= 64
    ? { event_id: event_id.toWellFormed() }
    : {}
}
