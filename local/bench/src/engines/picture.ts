import { BASELINE, type Measure } from './contestants.ts'
import { allSummaries, machineLine, type Report } from './report.ts'
import {
  bar,
  COLOURS,
  COLUMNS,
  framed,
  LINE,
  MARGIN,
  PANEL_WIDTH,
  text,
  TITLE_HEIGHT,
  whisker,
} from '../svg.ts'
import type { Summary } from './summary.ts'
import { shown } from './table.ts'

/** One figure of all engines, as bars. */
interface Panel {
  title: string
  measure: Measure
  /** the bar, and its value */
  figure: string
  digits: number
  /** a fainter bar that goes on from the first one's end, or from its start where that is the whole */
  beside?: { figure: string; from: 'end' | 'start' }
}

const PANELS: readonly Panel[] = [
  { title: 'events/s', measure: 'throughput', figure: 'events/s', digits: 0 },
  {
    title: 'CPU-s per 1M events (faint: the broker’s)',
    measure: 'throughput',
    figure: 'CPU-s per 1M',
    digits: 1,
    beside: { figure: 'broker CPU-s per 1M', from: 'end' },
  },
  { title: 'peak RSS, MiB', measure: 'throughput', figure: 'peak RSS MiB', digits: 0 },
  {
    title: 'latency p50, ms (faint: p99)',
    measure: 'latency',
    figure: 'p50 ms',
    digits: 0,
    beside: { figure: 'p99 ms', from: 'start' },
  },
  {
    title: 'kill -9 to the next row, s',
    measure: 'recovery',
    figure: 'first row s',
    digits: 1,
  },
]

const NAME_WIDTH = 214
const VALUE_WIDTH = 120
const BAR_WIDTH = PANEL_WIDTH - NAME_WIDTH - VALUE_WIDTH

/** The medians as bars, with a line from the least to the most of the runs: an SVG. */
export function pictureOf(report: Report): string {
  const summaries = allSummaries(report)
  const body: string[] = []
  let y = MARGIN + 6
  for (let first = 0; first < PANELS.length; first += COLUMNS) {
    const row = PANELS.slice(first, first + COLUMNS)
    for (const [i, panel] of row.entries())
      body.push(...panelLines(panel, summaries, MARGIN + i * (PANEL_WIDTH + MARGIN), y))
    const rows = Math.max(...row.map((panel) => rowsOf(panel, summaries).length))
    y += TITLE_HEIGHT + rows * LINE + 14
  }
  body.push(text(MARGIN, y + 8, footer(report), COLOURS.faint))
  const height = Math.ceil(y + 24)
  return framed(body, height, label(summaries))
}

const rowsOf = ({ measure }: Panel, summaries: readonly Summary[]) =>
  summaries.filter((summary) => summary.measure === measure)

function panelLines(panel: Panel, all: readonly Summary[], x: number, top: number): string[] {
  const rows = rowsOf(panel, all)
  const longest = Math.max(...rows.map((row) => reach(panel, row)))
  const scale = longest > 0 ? BAR_WIDTH / longest : 0
  return [
    text(x, top + 10, panel.title, COLOURS.text),
    ...rows.flatMap((row, i) =>
      rowLines(panel, row, { x, y: top + TITLE_HEIGHT + i * LINE, scale }),
    ),
  ]
}

/** How far right a row goes. */
function reach({ figure, beside }: Panel, { figures }: Summary): number {
  const own = figures[figure]
  const other = beside && figures[beside.figure]
  const end = beside?.from === 'end' ? (own?.median ?? 0) + (other?.median ?? 0) : other?.max
  return Math.max(own?.max ?? 0, end ?? 0)
}

function rowLines(
  { figure, digits, beside }: Panel,
  { contestant, figures }: Summary,
  at: { x: number; y: number; scale: number },
): string[] {
  const { x, y, scale } = at
  const left = x + NAME_WIDTH
  const fill = contestant.startsWith(BASELINE) ? COLOURS.node : COLOURS.other
  const own = figures[figure]
  const name = text(x, y + 10, contestant, COLOURS.faint)
  if (!own) return [name, text(left, y + 10, 'failed', COLOURS.faint)]
  const other = beside && figures[beside.figure]
  const otherFrom = beside?.from === 'end' ? own.median : 0
  const ends = [own.median, own.max, other ? otherFrom + other.median : 0]
  const values = [own, ...(other ? [other] : [])].map(({ median }) => shown(median, digits))
  return [
    name,
    ...(other ? [bar(left + otherFrom * scale, y, other.median * scale, fill, 0.35)] : []),
    bar(left, y, own.median * scale, fill),
    ...whisker(own, left, y, scale),
    text(left + Math.max(...ends) * scale + 8, y + 10, values.join(' · '), COLOURS.text),
  ]
}

const footer = ({ date, machine, java, sizes }: Report) =>
  `medians of ${sizes.runs} runs, line: least to most; ${date.slice(0, 10)}, ${machineLine(machine, java)}`

/** What the picture says, for who cannot see it. */
function label(summaries: readonly Summary[]): string {
  const words = PANELS.map((panel) => {
    const values = rowsOf(panel, summaries).map(({ contestant, figures }) => {
      const own = figures[panel.figure]
      return `${contestant} ${own ? shown(own.median, panel.digits) : 'failed'}`
    })
    return `${panel.title}: ${values.join(', ')}`
  })
  return `The engines compared. ${words.join('. ')}`
}
