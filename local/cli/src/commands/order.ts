import { Command } from 'commander'
import { OrderUpError, readRange, watermarksOf, type TopicRecord } from '@order-up/kit'
import { fold, rowOf, type OrderState } from '@order-up/fold'
import {
  CURATED_SUBJECT,
  CURATED_TOPIC,
  RAW_SUBJECT,
  RAW_TOPIC,
  ROW_HEADERS,
  decodeCurated,
  decodeRaw,
  partitionOf,
  type CuratedOrder,
  type OrderEvent,
  type SchemaIds,
} from '@order-up/schemas'
import { queryWarehouse, type QueryValue } from '@order-up/sink'
import { addReachOptions, reach, withAdmin, type Reach, type ReachOptions } from '../reach.ts'
import { answer, createProgress, type Shell } from '../shell.ts'
import { printable, textTable } from '../text-table.ts'

/** One raw record under the order's key, and what it was. */
interface LifeEvent {
  partition: number
  offset: number
  /** applied, duplicate, or why it is a dead letter */
  outcome: string
  event: OrderEvent | null
  /** the order after it, where it was applied */
  row: CuratedOrder | null
  /** where that row lies in curated, once for each engine that wrote it */
  curated: { offset: number; engine: string }[]
}

export interface Life {
  order_id: string
  events: LifeEvent[]
  /** the warehouse's row by column; null where it has none; a string where it could not be asked */
  warehouse: Record<string, QueryValue> | string | null
}

export const orderCommand = (shell: Shell) =>
  addReachOptions(new Command('order'))
    .summary('the life of one order')
    .description(
      'Shows each event of an order with its offset, the row after it, and what the warehouse has.',
    )
    .argument('<id>', 'the order_id')
    .action(async (id: string, options: ReachOptions) => {
      const life = await lifeOf(shell, await reach(shell, options), id)
      if (life.events.length === 0)
        throw new OrderUpError('NO_SUCH_ORDER', `The raw topic holds no event of order ${id}`, {
          remedy: 'some that there are: order-up query "SELECT ORDER_ID FROM ORDERS LIMIT 10"',
        })
      answer(shell, options.json ?? false, life, lifeText)
    })

async function lifeOf(shell: Shell, reached: Reach, id: string): Promise<Life> {
  const { kafka, registry, querySocket } = reached
  const key = Buffer.from(id)
  const [raw, curated] = await withAdmin(reached, (admin) =>
    Promise.all([watermarksOf(admin, RAW_TOPIC), watermarksOf(admin, CURATED_TOPIC)]),
  )
  const partition = partitionOf(key, raw.length)
  const progress = createProgress(shell)
  const ofOrder = async (topic: string, marks: typeof raw) => {
    const { low = 0, high = 0 } = marks.find((m) => m.partition === partition) ?? {}
    const found: TopicRecord[] = []
    await readRange(kafka, topic, { partition, from: low, to: high }, (records) => {
      found.push(...records.filter((record) => record.key?.equals(key)))
      progress.say(
        `reading ${topic}, partition ${partition}: ${records.at(-1)?.offset ?? low} of ${high}`,
      )
    })
    return found
  }
  const events = await ofOrder(RAW_TOPIC, raw)
  const rows = await ofOrder(CURATED_TOPIC, curated)
  progress.clear()
  const warehouse = await queryWarehouse(
    querySocket,
    `SELECT * FROM ORDERS WHERE ORDER_ID = decode(from_base64('${key.toString('base64')}'))`,
  ).then(
    ({ columns, rows: [row] }) =>
      row
        ? Object.fromEntries(columns.map(({ name }, i) => [name.toLowerCase(), row[i] ?? null]))
        : null,
    (error: unknown) => {
      if (error instanceof OrderUpError) return error.message
      throw error
    },
  )
  const [rawIds, curatedIds] = await Promise.all([
    registry.subjectIds(RAW_SUBJECT),
    registry.subjectIds(CURATED_SUBJECT),
  ])
  const told = tellLife(events, rawIds, raw.length)
  return { order_id: id, events: withCurated(told, rows, curatedIds), warehouse }
}

/** Folds the records of one key. Pure. */
export function tellLife(
  records: readonly TopicRecord[],
  ids: SchemaIds,
  partitions: number,
): LifeEvent[] {
  let state: OrderState | null = null
  return records.map((record): LifeEvent => {
    const { partition, offset } = record
    const decoded = decodeRaw(record, ids, partitions)
    const base = { partition, offset, event: null, row: null, curated: [] }
    if (decoded.kind === 'newer_schema')
      return { ...base, outcome: `of schema version ${decoded.version}, newer than this code` }
    if (decoded.kind === 'rejected') return { ...base, outcome: decoded.reason }
    const { event } = decoded
    const next = fold(state, event)
    if (next === 'duplicate') return { ...base, event, outcome: 'duplicate' }
    state = next
    return { ...base, event, outcome: 'applied', row: rowOf(event.order_id, next) }
  })
}

function withCurated(events: LifeEvent[], records: TopicRecord[], ids: SchemaIds): LifeEvent[] {
  const found = records.map(({ offset, value, headers }) => {
    const decoded = decodeCurated(value, ids)
    return {
      version: decoded.kind === 'row' ? decoded.row.version : null,
      place: { offset, engine: String(headers[ROW_HEADERS.engine] ?? '?') },
    }
  })
  return events.map((event) => ({
    ...event,
    curated: found
      .filter(({ version }) => version === event.row?.version)
      .map(({ place }) => place),
  }))
}

export function lifeText({ order_id, events, warehouse }: Life): string {
  const table = textTable(
    ['raw', 'outcome', 'event', 'event time', 'version', 'status', 'total', 'paid', 'curated'],
    events.map(({ partition, offset, outcome, event, row, curated }) => [
      `${partition}-${offset}`,
      outcome,
      event?.event_type ?? null,
      event && new Date(event.event_ts).toISOString(),
      row?.version ?? null,
      row?.status ?? null,
      row?.total_amount ?? null,
      row?.paid_amount ?? null,
      row &&
        (curated.map(({ offset: at, engine }) => `${partition}-${at} ${engine}`).join(' ') ||
          'not yet'),
    ]),
  )
  return [`Order ${printable(order_id)}`, '', table, '', warehouseText(warehouse)].join('\n')
}

function warehouseText(warehouse: Life['warehouse']): string {
  if (warehouse === null) return 'The warehouse has no row of it (yet)'
  if (typeof warehouse === 'string') return `The warehouse is not known: ${warehouse}`
  const filled = Object.entries(warehouse).filter(([, value]) => value !== null)
  return `In the warehouse:\n${textTable(
    ['', ''],
    filled.map(([k, v]) => [`  ${k}`, typeof v === 'string' ? v : JSON.stringify(v)]),
  )}`
}
