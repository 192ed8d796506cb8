/** The results' page with a benchmark's section in place of the one it has, or at its end. */
export function withSection(page: string, name: string, content: string): string {
  const open = `<!-- ${name}: written by \`npm run bench ${name}\` -->`
  const close = `<!-- ${name}: end -->`
  const section = `${open}\n\n${content}\n\n${close}`
  const begin = page.indexOf(open)
  const end = page.indexOf(close)
  if (begin === -1 || end < begin) return `${page.trimEnd()}\n\n${section}\n`
  return page.slice(0, begin) + section + page.slice(end + close.length)
}
