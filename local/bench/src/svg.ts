import type { Spread } from './engines/summary.ts'

/** Pieces of the pictures of figures: bars on a dark ground, which reads on light pages and on dark ones. */

export const WIDTH = 1152
export const MARGIN = 16
/** panels beside one another */
export const COLUMNS = 2
export const PANEL_WIDTH = (WIDTH - 3 * MARGIN) / COLUMNS
/** from one bar to the next */
export const LINE = 19
export const TITLE_HEIGHT = 28
const BAR_HEIGHT = 12
const FONT =
  "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"
export const COLOURS = { text: '#d0d7de', faint: '#8b949e', node: '#7ee787', other: '#79c0ff' }

const escaped = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

export const text = (x: number, y: number, words: string, fill: string) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${fill}">${escaped(words)}</text>`

export const bar = (x: number, y: number, width: number, fill: string, opacity = 1) =>
  `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${Math.max(0, width).toFixed(1)}" height="${BAR_HEIGHT}" fill="${fill}" opacity="${opacity}"/>`

/** From the least to the most, over a bar; none where there is one run only. */
export const whisker = ({ min, max, runs }: Spread, left: number, y: number, scale: number) => {
  const [from, to] = [left + min * scale, left + max * scale]
  const middle = y + BAR_HEIGHT / 2
  return runs > 1
    ? [`<path d="M${from.toFixed(1)} ${middle}H${to.toFixed(1)}" stroke="#f0883e"/>`]
    : []
}

/** @param label what the picture says, for who cannot see it */
export const framed = (body: readonly string[], height: number, label: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(label)}">
<rect width="${WIDTH}" height="${height}" rx="8" fill="#0d1117" stroke="#30363d"/>
<g font-family="${FONT}" font-size="13">
${body.join('\n')}
</g></svg>
`
