import { machineLine } from '../engines/report.ts'
import { shown } from '../engines/table.ts'
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
import { DIMENSIONS, rowsOf, type Dimension, type Report, type Row } from './report.ts'

const NAME_WIDTH = 90
const VALUE_WIDTH = 190
const BAR_WIDTH = PANEL_WIDTH - NAME_WIDTH - VALUE_WIDTH

/** events/s as bars, one panel for each dimension, all of one scale: an SVG. */
export function pictureOf(report: Report): string {
  const panels = DIMENSIONS.map((dimension) => ({
    dimension,
    rows: rowsOf(dimension, report.points),
  }))
  const most = Math.max(...panels.flatMap(({ rows }) => rows.map((row) => rateOf(row)?.max ?? 0)))
  const scale = most > 0 ? BAR_WIDTH / most : 0
  const body: string[] = []
  let y = MARGIN + 6
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const beside = panels.slice(first, first + COLUMNS)
    for (const [i, { dimension, rows }] of beside.entries())
      body.push(
        ...panelLines(dimension, rows, { x: MARGIN + i * (PANEL_WIDTH + MARGIN), y, scale }),
      )
    y += TITLE_HEIGHT + Math.max(...beside.map(({ rows }) => rows.length)) * LINE + 14
  }
  const { date, machine, sizes } = report
  const runs = sizes.runs > 1 ? `medians of ${sizes.runs} runs, line: least to most` : 'one run'
  const footer = `${runs}; ${date.slice(0, 10)}, ${machineLine(machine, undefined)}`
  body.push(text(MARGIN, y + 8, footer, COLOURS.faint))
  return framed(body, Math.ceil(y + 24), label(panels))
}

const rateOf = ({ figures }: Row) => figures['events/s']

interface Place {
  x: number
  y: number
  scale: number
}

const panelLines = (dimension: Dimension, rows: readonly Row[], { x, y, scale }: Place) => [
  text(x, y + 10, `events/s by ${dimension}`, COLOURS.text),
  ...rows.flatMap((row, i) => rowLines(row, { x, y: y + TITLE_HEIGHT + i * LINE, scale })),
]

function rowLines(row: Row, { x, y, scale }: Place): string[] {
  const left = x + NAME_WIDTH
  const name = text(x, y + 10, shown(row.value, 0), COLOURS.faint)
  const rate = rateOf(row)
  if (!rate) return [name, text(left, y + 10, 'not measured', COLOURS.faint)]
  const cpu = row.figures['CPU-s per 1M']
  const words = shown(rate.median, 0) + (cpu ? ` · ${shown(cpu.median, 1)} CPU-s/1M` : '')
  return [
    name,
    bar(left, y, rate.median * scale, COLOURS.node),
    ...whisker(rate, left, y, scale),
    text(left + rate.max * scale + 8, y + 10, words, COLOURS.text),
  ]
}

function label(panels: readonly { dimension: Dimension; rows: readonly Row[] }[]): string {
  const words = panels.map(({ dimension, rows }) => {
    const values = rows.map((row) => {
      const rate = rateOf(row)
      return `${shown(row.value, 0)}: ${rate ? shown(rate.median, 0) : 'not measured'}`
    })
    return `By ${dimension}: ${values.join(', ')}`
  })
  return `Events per second of the Node engine. ${words.join('. ')}`
}
