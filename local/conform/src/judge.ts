import {
  bucketOf,
  CURATED_TOPIC,
  DLQ_HEADERS,
  DLQ_TOPIC,
  RAW_TOPIC,
  ROW_HEADERS,
  shadowDlqTopic,
  shadowTopic,
} from '@order-up/schemas'
import type { IHeaders } from 'kafkajs'
import { encodeRow, rowDifferences, decodeRow } from './avro-row.ts'
import type { Output } from './outputs.ts'
import { placeOf, type Expected } from './truth.ts'

/** Whether a bucket is the deployment's own; 'either' while that changes. */
export type Owns = (bucket: number) => boolean | 'either'

export interface Rules {
  deployment: string
  curatedId: number
  owns: Owns
}

const OURS: ReadonlySet<string> = new Set(Object.values(DLQ_HEADERS))

/** What is wrong with what an engine made of one record of raw; empty = nothing. Names the record, and what differs. */
export function problemsOf(expected: Expected, seen: readonly Output[], rules: Rules): string[] {
  const { answer } = expected
  const wanted = answer.is === 'duplicate' ? 0 : 1
  const where = whatIs(expected)
  if (seen.length < wanted)
    return [`${where}: missing; expected ${inWords(expected)}, seen nothing`]
  if (seen.length > wanted) {
    const places = seen.map((output) => `${outputPlace(output)} (${contentOf(output, rules)})`)
    return [`${where}: expected ${inWords(expected)}, seen ${seen.length}: ${places.join(', ')}`]
  }
  const [output] = seen
  if (!output) return []
  return problemsWith(expected, output, rules).map(
    (problem) => `${where}, in ${outputPlace(output)}: ${problem}`,
  )
}

function problemsWith({ record, answer }: Expected, output: Output, rules: Rules): string[] {
  if (answer.is === 'duplicate') return []
  if ((answer.is === 'dead letter') !== output.isDeadLetter)
    return [`expected ${inWords({ record, answer })}, seen ${contentOf(output, rules)}`]
  const problems: string[] = []
  const owned = rules.owns(bucketOf(record.key))
  if (owned !== 'either' && owned === output.isShadow)
    problems.push(
      `bucket ${bucketOf(record.key)} belongs in ${topicOf(output.isDeadLetter, owned, rules.deployment)}`,
    )
  if (output.partition !== record.partition)
    problems.push(`partition: expected ${record.partition}, seen ${output.partition}`)
  if (!sameBytes(output.key, record.key))
    problems.push(`key: expected ${bytesText(record.key)}, seen ${bytesText(output.key)}`)
  if (answer.is === 'dead letter') {
    if (!sameBytes(output.value, record.value))
      problems.push('value: not the bytes of the raw record')
    const wanted = deadLetterHeaders(record.headers, record, answer.reason, rules)
    problems.push(...headerProblems(wanted, output.headers, [DLQ_HEADERS.detail]))
    return problems
  }
  problems.push(...rowProblems(answer, output, rules.curatedId))
  const wanted = {
    [ROW_HEADERS.engine]: rules.deployment,
    [ROW_HEADERS.partition]: String(record.partition),
    [ROW_HEADERS.offset]: String(record.offset),
  }
  return [...problems, ...headerProblems(wanted, output.headers, [])]
}

function rowProblems(
  answer: Expected['answer'] & { is: 'row' },
  { value }: Output,
  curatedId: number,
): string[] {
  if (answer.row)
    return value?.equals(encodeRow({ ...answer.row }, curatedId))
      ? []
      : rowDifferences({ ...answer.row }, value, curatedId)
  const row = decodeRow(value, curatedId)
  if (typeof row === 'string') return [`the value is not a row: ${row}`]
  return row['order_id'] === answer.orderId && row['version'] === answer.version
    ? []
    : [
        `expected order ${answer.orderId} version ${answer.version}, seen order ${row['order_id']} version ${row['version']}`,
      ]
}

function deadLetterHeaders(
  raw: IHeaders,
  { partition, offset }: Expected['record'],
  reason: string,
  { deployment }: Rules,
): IHeaders {
  const own = Object.entries(raw).filter(([name]) => !OURS.has(name))
  return {
    ...Object.fromEntries(own),
    [DLQ_HEADERS.reason]: reason,
    [DLQ_HEADERS.topic]: RAW_TOPIC,
    [DLQ_HEADERS.partition]: String(partition),
    [DLQ_HEADERS.offset]: String(offset),
    [DLQ_HEADERS.engine]: deployment,
  }
}

/** Names and values are compared, repeated ones in their order; the order of different names is not. @param free of any value, but there once */
function headerProblems(wanted: IHeaders, seen: IHeaders, free: readonly string[]): string[] {
  const names = new Set([...Object.keys(wanted), ...Object.keys(seen), ...free])
  return [...names].flatMap((name) => {
    const values = listOf(seen[name], name in seen)
    if (free.includes(name))
      return values.length === 1 ? [] : [`header ${name}: expected once, seen ${values.length}`]
    const expected = listOf(wanted[name], name in wanted)
    const [a, b] = [expected, values].map((list) => JSON.stringify(list))
    return a === b ? [] : [`header ${name}: expected ${a}, seen ${b}`]
  })
}

/** Every value of a name: as text where it is ASCII, else in hex; null stays null. */
function listOf(value: IHeaders[string] | null, isThere: boolean): (string | null)[] {
  if (!isThere) return []
  return [value ?? null].flat().map((one) => one && bytesText(Buffer.from(one)))
}

const sameBytes = (a: Buffer | null, b: Buffer | null) =>
  a === null || b === null ? a === b : a.equals(b)

const bytesText = (bytes: Buffer | null) => {
  if (bytes === null) return 'null'
  const text = bytes.toString()
  const shown = /^[ -~]*$/.test(text) ? text : `0x${bytes.toString('hex')}`
  return shown.length > 80 ? `${shown.slice(0, 80)}… (${bytes.length} bytes)` : shown
}

const topicOf = (isDeadLetter: boolean, owned: boolean, deployment: string) => {
  if (isDeadLetter) return owned ? DLQ_TOPIC : shadowDlqTopic(deployment)
  return owned ? CURATED_TOPIC : shadowTopic(deployment)
}

const outputPlace = ({ topic, partition, offset }: Output) => `${topic} ${partition}/${offset}`

/** A raw record by its place and, where there is one, its order. */
function whatIs({ record, answer }: Expected): string {
  const order = answer.is === 'dead letter' ? undefined : answer.orderId
  return `raw ${placeOf(record)} (${order === undefined ? `key ${bytesText(record.key)}` : `order ${bytesText(Buffer.from(order))}`})`
}

function inWords({ answer }: Expected): string {
  switch (answer.is) {
    case 'row':
      return `the row of version ${answer.version}`
    case 'duplicate':
      return answer.ofRaw === undefined
        ? 'nothing, for it is a duplicate'
        : `nothing, for it is a duplicate: its event_id was applied at raw ${answer.ofRaw}`
    case 'dead letter':
      return `a dead letter, ${answer.reason}`
  }
}

function contentOf({ isDeadLetter, headers, value }: Output, { curatedId }: Rules): string {
  if (isDeadLetter) return `a dead letter, ${String(headers[DLQ_HEADERS.reason])}`
  const row = decodeRow(value, curatedId)
  return typeof row === 'string'
    ? `a row that is none: ${row}`
    : `a row of version ${row['version']}`
}

/** What was written for no record of raw that a reader is shown: for one that was aborted, or for none at all. */
export const unasked = (output: Output, rules: Rules) =>
  `${outputPlace(output)}: ${contentOf(output, rules)} for raw ${output.ofRaw}, where a read_committed reader is shown no record`
