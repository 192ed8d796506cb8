import {
  decodeCurated,
  DLQ_HEADERS,
  encodeCurated,
  frameId,
  RAW_TOPIC,
  type SchemaIds,
} from '@order-up/schemas'
import { deadLetterContent, deadLetterFields, readDeadLetter } from './dead-letter.ts'
import {
  countsFrom,
  Held,
  Lane,
  type Bytes,
  type Finding,
  type Pair,
  type SideIndex,
} from './lane.ts'
import type { Kind, Report } from './report.ts'
import type { StoredSample } from './resume.ts'
import { rowFields } from './row-fields.ts'

/** A record that both sides wrote. */
export interface Sample {
  partition: number
  /** of raw */
  offset: number
  record: Held
}

/** What was read of late and is equal on both sides. */
export type Window = Readonly<Record<Kind, readonly Sample[]>>

export const storedSample = ({ partition, offset, record }: Sample): StoredSample => ({
  partition,
  offset,
  key: record.key && record.key.toString('base64'),
  content: record.content && record.content.toString('base64'),
})

export function sampleOf({ partition, offset, key, content }: StoredSample): Sample {
  const bytes = (text: string | null) => bytesOf(text === null ? null : Buffer.from(text, 'base64'))
  return { partition, offset, record: Held.of(bytes(key), bytes(content)) }
}

/** What a comparison of a window must say, and says. */
interface Answer {
  different: number
  onlyIn: Pair<number>
  twice: Pair<number>
  /** raw places, in order */
  at: string[]
  fields: string[]
}
const NOTHING: Answer = { different: 0, onlyIn: [0, 0], twice: [0, 0], at: [], fields: [] }

interface Fault {
  name: string
  kind: Kind
  /** makes of one side's samples what a faulty engine had written */
  plant(samples: readonly Sample[]): readonly Sample[]
  expected(side: SideIndex): Answer
}

/**
 * Plants faults in a copy of real input, in either side's, and compares that by the same code. A comparison that does
 * not report each as what it is, and nothing where nothing was planted, has no say.
 * @param ids all of the curated subject
 * @returns none where there is nothing to plant them in
 */
export function plantFaults(
  window: Window,
  names: readonly [string, string],
  ids: SchemaIds,
): Report['planted'] {
  const rows = window.row
  const target = rows[Math.floor(rows.length / 2)]
  if (!target) return []
  const letters =
    window['dead letter'].length > 0 ? window['dead letter'] : [madeUp(target, target.offset)]
  const all: Record<Kind, readonly Sample[]> = { row: rows, 'dead letter': letters }
  const faults = [...rowFaults(rows, target, ids), ...letterFaults(letters)]
  const planted = faults.flatMap(({ name, kind, plant, expected }) =>
    ([0, 1] as const).map((side) => {
      const sides: Pair<readonly Sample[]> = [all[kind], all[kind]]
      sides[side] = plant(all[kind])
      return answerTo(`${name} of ${names[side]}`, compare(kind, sides, ids), expected(side))
    }),
  )
  for (const kind of ['row', 'dead letter'] as const)
    planted.push(
      answerTo(`nothing, in ${kind}s`, compare(kind, [all[kind], all[kind]], ids), NOTHING),
    )
  return planted
}

function answerTo(fault: string, got: Answer, expected: Answer): Report['planted'][number] {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)]
  return a === b ? { fault, caught: true } : { fault, caught: false, instead: a }
}

function compare(kind: Kind, sides: Pair<readonly Sample[]>, ids: SchemaIds): Answer {
  const answer: Answer = structuredClone(NOTHING)
  const fieldsOf = (a: Held, b: Held) =>
    kind === 'row' ? rowFields(a, b, ids) : deadLetterFields(a, b)
  const partitions = new Set(sides.flat().map(({ partition }) => partition))
  for (const partition of partitions) {
    const findings: Finding[] = []
    const lane = new Lane(countsFrom(0), {
      fieldsOf,
      onEqual: () => {},
      onFinding: (finding) => findings.push(finding),
      onFields: (names) => answer.fields.push(...names),
    })
    const own = sides.map((samples) => samples.filter((s) => s.partition === partition))
    for (const side of [0, 1] as const)
      for (const { offset, record } of own[side]!)
        lane.take(side, offset, bytesOf(record.key), bytesOf(record.content))
    const end = Math.max(...own.flat().map(({ offset }) => offset)) + 1
    lane.passHorizon(0, end)
    lane.passHorizon(1, end)
    const { different, onlyIn, twice } = lane.counts
    answer.different += different
    for (const side of [0, 1] as const) {
      answer.onlyIn[side] += onlyIn[side]
      answer.twice[side] += twice[side]
    }
    answer.at.push(...findings.map(({ offset }) => placeOf({ partition, offset })))
  }
  return { ...answer, at: answer.at.toSorted(), fields: answer.fields.toSorted() }
}

const placeOf = ({ partition, offset }: Pick<Sample, 'partition' | 'offset'>) =>
  `${partition}/${offset}`
const bytesOf = (buf: Buffer | null): Bytes =>
  buf === null
    ? { buf: Buffer.alloc(0), start: 0, length: -1 }
    : { buf, start: 0, length: buf.length }
const heldOf = (key: Buffer | null, content: Buffer) => Held.of(bytesOf(key), bytesOf(content))

/** Of the two numbers, the one of the side that did not lack, or not repeat, what `side` did. */
const onlyOther = (side: SideIndex, n: number): Pair<number> => (side === 0 ? [0, n] : [n, 0])
const onlyOwn = (side: SideIndex, n: number): Pair<number> => (side === 0 ? [n, 0] : [0, n])

function rowFaults(rows: readonly Sample[], target: Sample, ids: SchemaIds): Fault[] {
  const at = [placeOf(target)]
  const lost = rows.filter(({ partition }) => partition === target.partition)
  const faults: Fault[] = [
    {
      name: 'a row dropped',
      kind: 'row',
      plant: (samples) => samples.filter((sample) => sample !== target),
      expected: (side) => ({ ...NOTHING, onlyIn: onlyOther(side, 1), at }),
    },
    {
      name: 'a row twice',
      kind: 'row',
      plant: (samples) => [...samples, target],
      expected: (side) => ({ ...NOTHING, twice: onlyOwn(side, 1), at }),
    },
    {
      name: 'a whole partition dropped',
      kind: 'row',
      plant: (samples) => samples.filter(({ partition }) => partition !== target.partition),
      expected: (side) => ({
        ...NOTHING,
        onlyIn: onlyOther(side, lost.length),
        at: lost.map(placeOf).toSorted(),
      }),
    },
  ]
  const altered = alteredRow(target, ids)
  faults.push({
    name: 'a row with another paid_amount',
    kind: 'row',
    plant: (samples) => samples.map((sample) => (sample === target ? altered : sample)),
    expected: () => ({ ...NOTHING, different: 1, at, fields: ['paid_amount'] }),
  })
  return faults
}

/** One number of it is another. A row that cannot be read stays as it is: that fault is then not caught. */
function alteredRow(target: Sample, ids: SchemaIds): Sample {
  const { key, content } = target.record
  const decoded = decodeCurated(content, ids)
  if (decoded.kind !== 'row') return target
  const paid_amount = decoded.row.paid_amount === 0 ? 1 : decoded.row.paid_amount - 1
  const row = encodeCurated({ ...decoded.row, paid_amount }, frameId(content!)!)
  return { ...target, record: heldOf(key, row) }
}

function letterFaults(letters: readonly Sample[]): Fault[] {
  const target = letters[Math.floor(letters.length / 2)]!
  const at = [placeOf(target)]
  const added = madeUp(target, Math.max(...letters.map(({ offset }) => offset)) + 1)
  return [
    {
      name: 'a dead letter dropped',
      kind: 'dead letter',
      plant: (samples) => samples.filter((sample) => sample !== target),
      expected: (side) => ({ ...NOTHING, onlyIn: onlyOther(side, 1), at }),
    },
    {
      name: 'a dead letter with another reason',
      kind: 'dead letter',
      plant: (samples) =>
        samples.map((sample) => (sample === target ? otherReason(sample) : sample)),
      expected: () => ({ ...NOTHING, different: 1, at, fields: [DLQ_HEADERS.reason] }),
    },
    {
      name: 'a dead letter added',
      kind: 'dead letter',
      plant: (samples) => [...samples, added],
      expected: (side) => ({ ...NOTHING, onlyIn: onlyOwn(side, 1), at: [placeOf(added)] }),
    },
  ]
}

function otherReason(sample: Sample): Sample {
  const { value, headers } = readDeadLetter(sample.record.content!)
  const changed = headers.map(([name, bytes]): (typeof headers)[number] =>
    name === DLQ_HEADERS.reason ? [name, Buffer.from('planted')] : [name, bytes],
  )
  return { ...sample, record: heldOf(sample.record.key, deadLetterContent(value, changed)) }
}

/** A dead letter as an engine would write it, of bytes that were read as something else. */
function madeUp({ partition, record }: Sample, offset: number): Sample {
  const headers = [
    [DLQ_HEADERS.reason, Buffer.from('not_decodable')],
    [DLQ_HEADERS.topic, Buffer.from(RAW_TOPIC)],
    [DLQ_HEADERS.partition, Buffer.from(String(partition))],
    [DLQ_HEADERS.offset, Buffer.from(String(offset))],
  ] as const
  return {
    partition,
    offset,
    record: heldOf(record.key, deadLetterContent(record.content, headers)),
  }
}
