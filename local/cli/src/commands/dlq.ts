import { Command, InvalidArgumentError } from 'commander'
import { OrderUpError, readRange, readTopic, type TopicRecord } from '@order-up/kit'
import { DLQ_HEADERS, DLQ_TOPIC, RAW_SUBJECT } from '@order-up/schemas'
import { addReachOptions, integer, reach, type ReachOptions } from '../reach.ts'
import { answer, createProgress, type Shell } from '../shell.ts'
import { printable, textTable } from '../text-table.ts'
import { independentReader } from '../verify/independent.ts'

interface Letter {
  /** partition-offset in the dead letter topic: what `dlq show` takes */
  id: string
  at: string
  reason: string
  detail: string
  /** partition-offset in raw */
  raw: string
  key: string | null
}

interface Listing {
  total: number
  reasons: Record<string, number>
  newest: Letter[]
}

export const dlqCommand = (shell: Shell) =>
  new Command('dlq')
    .summary('malformed records: list, show')
    .description(
      'Shows what was malformed, and why. Nothing is ever lost: key, value and headers are as they came.',
    )
    .addCommand(listCommand(shell))
    .addCommand(showCommand(shell))

const listCommand = (shell: Shell) =>
  addReachOptions(new Command('list'))
    .description('Counts dead letters by reason and lists the newest.')
    .option('--count <n>', 'how many to list', integer(0), 10)
    .action(async (options: ReachOptions & { count: number }) => {
      const { kafka } = await reach(shell, options)
      const progress = createProgress(shell)
      const listing: Listing = { total: 0, reasons: {}, newest: [] }
      await readTopic(kafka, DLQ_TOPIC, (records) => {
        for (const record of records) {
          const letter = letterOf(record)
          listing.total++
          listing.reasons[letter.reason] = (listing.reasons[letter.reason] ?? 0) + 1
          listing.newest.push(letter)
        }
        listing.newest = newestOf(listing.newest, options.count)
        progress.say(`reading ${DLQ_TOPIC}: ${listing.total} records`)
      })
      progress.clear()
      answer(shell, options.json ?? false, listing, listText)
    })

const newestOf = (letters: readonly Letter[], n: number) =>
  letters.toSorted((a, b) => (a.at < b.at ? 1 : -1)).slice(0, n)

function letterOf({ partition, offset, timestamp, key, headers }: TopicRecord): Letter {
  const text = (name: string) => headers[name]?.toString() ?? '?'
  return {
    id: `${partition}-${offset}`,
    at: new Date(timestamp).toISOString(),
    reason: text(DLQ_HEADERS.reason),
    detail: text(DLQ_HEADERS.detail),
    raw: `${text(DLQ_HEADERS.partition)}-${text(DLQ_HEADERS.offset)}`,
    key: key && key.toString(),
  }
}

function listText({ total, reasons, newest }: Listing): string {
  if (total === 0) return 'No dead letters'
  const byCount = Object.entries(reasons).toSorted(([, a], [, b]) => b - a)
  return [
    textTable(['reason', 'records'], [...byCount, ['all', total]]),
    '',
    textTable(
      ['id', 'at', 'reason', 'raw', 'key', 'detail'],
      newest.map((l) => [l.id, l.at, l.reason, l.raw, l.key, l.detail]),
    ),
    '',
    'One of them: order-up dlq show ID',
  ].join('\n')
}

interface Position {
  partition: number
  offset: number
}

function position(text: string): Position {
  const [, partition, offset] = /^(\d+)-(\d+)$/.exec(text) ?? []
  if (partition === undefined || offset === undefined)
    throw new InvalidArgumentError('It must be PARTITION-OFFSET, as `dlq list` shows it.')
  return { partition: Number(partition), offset: Number(offset) }
}

interface Shown extends Letter {
  headers: Record<string, string>
  keyHex: string | null
  valueHex: string | null
  /** what avsc reads in the value; a reason where it cannot be read */
  decoded: unknown
}

const showCommand = (shell: Shell) =>
  addReachOptions(new Command('show'))
    .description('Shows one dead letter: reason, headers, bytes, and what can be read in them.')
    .argument('<id>', 'PARTITION-OFFSET in the dead letter topic, as `dlq list` shows it', position)
    .action(async ({ partition, offset }: Position, options: ReachOptions) => {
      const { kafka, registry } = await reach(shell, options)
      let found: TopicRecord | undefined
      await readRange(kafka, DLQ_TOPIC, { partition, from: offset, to: offset + 1 }, (records) => {
        found ??= records[0]
      })
      if (!found)
        throw new OrderUpError(
          'NO_SUCH_RECORD',
          `${DLQ_TOPIC} has no record ${partition}-${offset}`,
          {
            remedy: 'see which there are: order-up dlq list',
          },
        )
      const read = independentReader(await registry.subjectIds(RAW_SUBJECT))
      answer(shell, options.json ?? false, shownOf(found, read(found.value)), showText)
    })

function shownOf(
  record: TopicRecord,
  reading: ReturnType<ReturnType<typeof independentReader>>,
): Shown {
  const { key, value, headers } = record
  return {
    ...letterOf(record),
    headers: Object.fromEntries(Object.entries(headers).map(([name, v]) => [name, String(v)])),
    keyHex: key && key.toString('hex'),
    valueHex: value && value.toString('hex'),
    decoded: reading.broken ?? numbersOf(reading.event),
  }
}

/** 64-bit integers, as JSON numbers where those hold them. */
const numbersOf = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, v: unknown) => {
      if (typeof v !== 'bigint') return v
      return Number.isSafeInteger(Number(v)) ? Number(v) : String(v)
    }),
  )

function showText({
  id,
  at,
  reason,
  detail,
  raw,
  headers,
  keyHex,
  valueHex,
  decoded,
  key,
}: Shown): string {
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('dlq-'))
  return [
    `${id}: ${reason} (${printable(detail)})`,
    `raw ${raw}, dead since ${at}, engine ${headers[DLQ_HEADERS.engine] ?? '?'}`,
    `key     ${key === null ? 'none' : `${printable(key)} (${keyHex})`}`,
    ...own.map(([name, value]) => `header  ${printable(name)}: ${printable(value)}`),
    `value   ${valueHex === null ? 'none' : valueHex.replace(/(.{64})(?=.)/g, '$1\n        ')}`,
    `decoded ${printable(typeof decoded === 'string' ? `no: ${decoded}` : JSON.stringify(decoded, null, 1).replace(/\n */g, ' '))}`,
  ].join('\n')
}
