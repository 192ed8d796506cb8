import type { Side, Stage } from './stages.ts'

const WIDTH = 1152
const HEIGHT = 284
const FONT =
  "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"
const COLOURS = {
  text: '#d0d7de',
  faint: '#8b949e',
  line: '#484f58',
  owners: ['#7ee787', '#79c0ff'],
  fill: '#f0883e',
  dead: '#ff7b72',
} as const

/** Middles of the three rows: the incumbent, curated with what is the same in every stage, the newcomer. */
const ROWS = { incumbent: 78, curated: 142, newcomer: 206 } as const
const MIDDLES = [ROWS.incumbent, ROWS.newcomer] as const
const BOX_HEIGHT = 46
const COLUMNS = {
  producer: { x: 16, width: 92 },
  raw: { x: 140, width: 104 },
  engine: { x: 306, width: 236 },
  topic: { x: 626, width: 222 },
  sink: { x: 918, width: 76 },
  warehouse: { x: 1026, width: 110 },
} as const
type Column = keyof typeof COLUMNS

const escaped = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

const text = (x: number, y: number, words: string, fill: string, size = 13) =>
  `<text x="${x}" y="${y}" fill="${fill}" font-size="${size}">${escaped(words)}</text>`

interface Box {
  column: Column
  middle: number
  lines: readonly [string, string?]
  stroke?: string
}

function box({ column, middle, lines: [first, second], stroke = COLOURS.line }: Box): string[] {
  const { x, width } = COLUMNS[column]
  const top = middle - BOX_HEIGHT / 2
  return [
    `<rect x="${x}" y="${top}" width="${width}" height="${BOX_HEIGHT}" rx="6" fill="#161b22" stroke="${stroke}"/>`,
    text(x + 10, middle + (second === undefined ? 5 : -4), first, COLOURS.text),
    ...(second === undefined ? [] : [text(x + 10, middle + 14, second, COLOURS.faint, 12)]),
  ]
}

interface Arrow {
  from: readonly [x: number, y: number]
  to: readonly [x: number, y: number]
  colour: string
  /** for what nobody sees who reads curated */
  isFaint?: boolean
}

function arrow({ from, to, colour, isFaint = false }: Arrow): string[] {
  const [[x1, y1], [x2, y2]] = [from, to]
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI
  const style = isFaint ? ' stroke-dasharray="4 4"' : ' stroke-width="2"'
  return [
    `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${colour}"${style}/>`,
    `<path d="M0 0l-8 -4v8z" transform="translate(${x2} ${y2}) rotate(${angle.toFixed(1)})" fill="${colour}"/>`,
  ]
}

const end = (column: Column) => COLUMNS[column].x + COLUMNS[column].width
const between = (from: Column, to: Column, fromY: number, toY: number) => ({
  from: [end(from) + 4, fromY] as const,
  to: [COLUMNS[to].x - 4, toY] as const,
})

/** The hundred buckets, those that are owned in the engine's colour. */
function buckets(owns: Side['owns'], middle: number, colour: string): string[] {
  const x = COLUMNS.engine.x + 88
  const width = COLUMNS.engine.width - 88 - 10
  const y = middle - 15
  const part = (from: number, to: number, fill: string) =>
    `<rect x="${x + (from * width) / 100}" y="${y}" width="${((to - from + 1) * width) / 100}" height="12" fill="${fill}"/>`
  return [part(0, 99, '#30363d'), ...(owns ? [part(owns[0], owns[1], colour)] : [])]
}

function engine(side: Side, middle: number, colour: string): string[] {
  const { deployment, owns, isDead = false } = side
  const shown = owns ? `owns ${owns[0]}–${owns[1]}` : 'owns nothing'
  const lines = [deployment, isDead ? 'dead: its transactions ended' : shown] as const
  return [
    ...box({ column: 'engine', middle, lines, stroke: isDead ? COLOURS.dead : colour }),
    ...buckets(owns, middle, colour),
    ...(isDead ? [] : arrow({ ...between('raw', 'engine', ROWS.curated, middle), colour })),
    ...(owns
      ? arrow({ ...between('engine', 'topic', middle, towards(ROWS.curated, middle)), colour })
      : []),
  ]
}

const towards = (target: number, from: number) => target + Math.sign(from - target) * 10

/** Its shadow topic, to which it writes what it does not own. */
function shadow({ deployment, owns, shadow: holds, isDead }: Side, middle: number, colour: string) {
  if (holds === undefined) return []
  const isWritten = !isDead && !(owns?.[0] === 0 && owns[1] === 99)
  return [
    ...box({ column: 'topic', middle, lines: [`shadow.${deployment}`, holds] }),
    ...(isWritten
      ? arrow({ ...between('engine', 'topic', middle, middle), colour, isFaint: true })
      : []),
  ]
}

/** It reads what both wrote, from whichever topic. */
function comparer(verdict: string, rows: readonly number[]): string[] {
  const [x, left] = [end('topic') + 14, COLUMNS.sink.x]
  const ticks = rows.map((y) => `M${x - 8} ${y}H${x}`).join('')
  const top = ROWS.newcomer - BOX_HEIGHT / 2
  const style = `stroke="${COLOURS.faint}" stroke-dasharray="4 4" fill="none"`
  return [
    `<path d="${ticks}M${x} ${Math.min(...rows)}V${ROWS.newcomer}" ${style}/>`,
    ...arrow({
      from: [x, ROWS.newcomer],
      to: [left - 4, ROWS.newcomer],
      colour: COLOURS.faint,
      isFaint: true,
    }),
    `<rect x="${left}" y="${top}" width="${end('warehouse') - left}" height="${BOX_HEIGHT}" rx="6" ${style}/>`,
    text(left + 10, ROWS.newcomer - 4, 'comparer', COLOURS.text),
    text(left + 10, ROWS.newcomer + 14, verdict, COLOURS.faint, 12),
  ]
}

function fill(): string[] {
  const x = COLUMNS.topic.x + 200
  const from = [x, ROWS.newcomer - BOX_HEIGHT / 2] as const
  const to = [x, ROWS.curated + BOX_HEIGHT / 2] as const
  return [
    ...arrow({ from, to, colour: COLOURS.fill }),
    text(x - 36, (from[1] + to[1]) / 2 + 4, 'fill', COLOURS.fill, 12),
  ]
}

/** What is drawn in every stage, because no stage touches it. */
const same = (curated: string) => [
  ...box({ column: 'producer', middle: ROWS.curated, lines: ['producer'] }),
  ...box({ column: 'raw', middle: ROWS.curated, lines: ['raw', 'every event'] }),
  ...box({ column: 'topic', middle: ROWS.curated, lines: ['curated', curated], stroke: '#d0d7de' }),
  ...box({ column: 'sink', middle: ROWS.curated, lines: ['sink'] }),
  ...box({ column: 'warehouse', middle: ROWS.curated, lines: ['warehouse'] }),
  ...(['producer', 'topic', 'sink'] as const).flatMap((column) => {
    const next = { producer: 'raw', topic: 'sink', sink: 'warehouse' } as const
    const way = between(column, next[column], ROWS.curated, ROWS.curated)
    return arrow({ ...way, colour: COLOURS.text })
  }),
]

/** A stage as an SVG that reads on light and on dark. */
export function pictureOf(stage: Stage): string {
  const { title, says, sides, curated, verdict, isFilled, record } = stage
  const shadows = sides.flatMap((side, i) => (side?.shadow === undefined ? [] : [MIDDLES[i]!]))
  const compared = [ROWS.curated + 12, ...shadows]
  const body = [
    text(16, 30, title, COLOURS.text, 15),
    text(16 + title.length * 9 + 20, 30, says, COLOURS.faint),
    ...same(curated),
    ...sides.flatMap((side, i) => {
      if (!side) return []
      const [middle, colour] = [MIDDLES[i]!, COLOURS.owners[i]!]
      return [...engine(side, middle, colour), ...shadow(side, middle, colour)]
    }),
    ...(verdict === undefined ? [] : comparer(verdict, compared)),
    ...(isFilled ? fill() : []),
    text(16, HEIGHT - 18, `orders.engine.shares  ${record}`, COLOURS.faint, 12),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(`${title}: ${says}. ${record}`)}">
<rect width="${WIDTH}" height="${HEIGHT}" rx="8" fill="#0d1117" stroke="#30363d"/>
<g font-family="${FONT}">
${body.join('\n')}
</g></svg>
`
}
