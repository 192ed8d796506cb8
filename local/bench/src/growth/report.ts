import type { Machine } from '../machine.ts'
import { machineLine } from '../engines/report.ts'
import { spreadOf, type Spread } from '../engines/summary.ts'
import { linesOf, shown, spreadCell } from '../engines/table.ts'

/** What grows, as tables and pictures call it. */
export const DIMENSIONS = ['orders in state', 'partitions', 'workers', 'items in an event'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** One engine, drained once, at one size. */
export interface Point {
  dimension: Dimension
  /** how large it is there */
  value: number
  /** by name and unit; one that could not be measured is not there */
  figures: Readonly<Record<string, number>>
  failure?: string
}

/** How much work it is. */
export interface Sizes {
  /** times that each point is measured; figures are the medians */
  runs: number
  ordersInState: readonly number[]
  /** events of orders drawn at random, drained with those in state */
  updates: number
  partitions: readonly number[]
  workers: readonly number[]
  /** of the log for partitions and workers */
  orders: number
  eventsPerOrder: number
  /** how many events of how many items */
  eventSizes: readonly { items: number; events: number }[]
}

export interface Report {
  name: string
  about: string
  /** when it began, ISO 8601 */
  date: string
  machine: Machine
  sizes: Sizes
  points: readonly Point[]
}

/** A size and its medians. */
export interface Row {
  value: number
  figures: Readonly<Record<string, Spread>>
  failures: readonly string[]
}

/** Those of one dimension, smallest first. */
export function rowsOf(dimension: Dimension, points: readonly Point[]): Row[] {
  const own = points.filter((point) => point.dimension === dimension)
  return [...Map.groupBy(own, ({ value }) => value)]
    .toSorted(([a], [b]) => a - b)
    .map(([value, all]) => {
      const names = new Set(all.flatMap(({ figures }) => Object.keys(figures)))
      const spreads = [...names].map((name) => {
        const values = all.flatMap(({ figures }) => figures[name] ?? [])
        return [name, spreadOf(values)!] as const
      })
      return {
        value,
        figures: Object.fromEntries(spreads),
        failures: [...new Set(all.flatMap(({ failure }) => failure ?? []))],
      }
    })
}

const COLUMNS: Readonly<Record<Dimension, readonly [figure: string, digits: number][]>> = {
  'orders in state': [
    ['events/s', 0],
    ['CPU-s per 1M', 1],
    ['peak RSS MiB', 0],
    ['events of an order', 1],
  ],
  partitions: [
    ['events/s', 0],
    ['CPU-s per 1M', 1],
    ['broker CPU-s per 1M', 1],
    ['peak RSS MiB', 0],
  ],
  workers: [
    ['events/s', 0],
    ['CPU-s per 1M', 1],
    ['peak RSS MiB', 0],
  ],
  'items in an event': [
    ['events/s', 0],
    ['CPU-s per 1M', 1],
    ['bytes of an event', 0],
    ['MB/s', 0],
  ],
}

const MIN_SHARE = 0.7

/** Whether the largest state is drained at 70 % of the smallest one's rate; undefined = not measured. */
export function stateVerdict(
  points: readonly Point[],
): { share: number; met: boolean } | undefined {
  const rows = rowsOf('orders in state', points)
  const rate = (row: Row | undefined) => row?.figures['events/s']?.median
  const [first, last] = [rate(rows[0]), rate(rows.at(-1))]
  if (rows.length < 2 || !first || last === undefined) return undefined
  return { share: last / first, met: last / first >= MIN_SHARE }
}

/** The section of the results' page, in markdown. */
export function sectionOf({ date, machine, sizes, points }: Report): string {
  const runs = sizes.runs > 1 ? `Medians of ${sizes.runs} runs (least–most).` : 'One run.'
  return [
    "## How Node's figures grow",
    '![events/s by size](growth.svg)',
    `\`npm run bench growth\` on ${date.slice(0, 10)}: ${machineLine(machine, undefined)}. ${runs} The log is written ` +
      `before the engine starts, and the figures are from the first tenth of the rows to the last commit under load, as in ` +
      `the comparison. One worker, but where workers grow; the default transport.`,
    ...DIMENSIONS.flatMap((dimension) => {
      const rows = rowsOf(dimension, points)
      return [`**By ${dimension}**: ${explained(dimension, sizes)}`, tableOf(dimension, rows)]
    }),
    verdictLine(points),
  ].join('\n\n')
}

const explained = (dimension: Dimension, s: Sizes): string =>
  ({
    'orders in state':
      `an event of each order is fed through the engine first, which is not measured; then the engine is started again ` +
      `on ${shown(s.updates, 0)} events of orders drawn at random. An order's state holds the ids of all its events, so ` +
      `that few orders have larger states: the last column is the mean in the end.`,
    partitions: `${shown(s.orders * s.eventsPerOrder, 0)} events of ${shown(s.orders, 0)} orders in random order.`,
    workers:
      'the same, on 4 partitions. One command; its workers share the partitions, and the cores with the broker.',
    'items in an event': `events that replace the items of one of ${shown(s.orders, 0)} orders drawn at random, 4 partitions.`,
  })[dimension]

function tableOf(dimension: Dimension, rows: readonly Row[]): string {
  const columns = COLUMNS[dimension]
  return linesOf([
    [dimension, ...columns.map(([figure]) => figure)],
    ...rows.map(({ value, figures, failures }) => [
      shown(value, 0) + (failures.length > 0 ? ` (failed: ${failures.join('; ')})` : ''),
      ...columns.map(([figure, digits]) => spreadCell(figures[figure], digits)),
    ]),
  ])
}

function verdictLine(points: readonly Point[]): string {
  const target = `Target: with the most orders at least ${MIN_SHARE * 100} % of the rate with the fewest`
  const verdict = stateVerdict(points)
  if (!verdict) return `${target}; **not measured**.`
  return `${target}; it is ${shown(verdict.share * 100, 0)} %: ${verdict.met ? 'met' : '**missed**'}.`
}
