import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withSection } from './page.ts'

test('a section takes the place of the one before it, and nothing else of the page', () => {
  // Prepare
  const page = '# Results\n\nBefore.\n'

  // Act
  const once = withSection(page, 'engines', 'old words')
  const twice = withSection(`${once}\nAfter.\n`, 'engines', 'new words')
  const other = withSection(twice, 'growth', 'other words')

  // Assess
  const engines =
    '<!-- engines: written by `npm run bench engines` -->\n\nnew words\n\n<!-- engines: end -->'
  const growth =
    '<!-- growth: written by `npm run bench growth` -->\n\nother words\n\n<!-- growth: end -->'
  assert.equal(once, `# Results\n\nBefore.\n\n${engines.replace('new', 'old')}\n`)
  assert.equal(twice, `# Results\n\nBefore.\n\n${engines}\n\nAfter.\n`)
  assert.equal(other, `# Results\n\nBefore.\n\n${engines}\n\nAfter.\n\n${growth}\n`)
})
