/** Columns side by side, numbers to the right; without any column name no heading. */
export function textTable(
  heading: readonly string[],
  rows: readonly (readonly unknown[])[],
): string {
  const cells = rows.map((row) => row.map(cellText))
  const widths = heading.map((name, i) =>
    Math.max(name.length, ...cells.map((row) => (row[i] ?? '').length)),
  )
  const isNumeric = heading.map((_, i) =>
    rows.every((row) => row[i] === null || typeof row[i] === 'number'),
  )
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => (isNumeric[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  const body = cells.map(line)
  return heading.some((name) => name !== '') ? [line(heading), ...body].join('\n') : body.join('\n')
}

/** Control characters are shown as JSON does: a value from outside must not steer the terminal. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return printable(text)
}

export const printable = (text: string) =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) => JSON.stringify(c).slice(1, -1))

export const count = (n: number) => n.toLocaleString('en')
