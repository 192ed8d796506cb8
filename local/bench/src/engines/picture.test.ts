import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pictureOf } from './picture.ts'
import { madeUp } from './report.fixture.ts'

const picture = pictureOf(madeUp)

test('a picture is well-formed: tags match, and what engines say is text', () => {
  const open: string[] = []
  for (const [, end, name, self] of picture.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
    if (end) assert.equal(open.pop(), name)
    else if (!self) open.push(name!)
  }
  assert.deepEqual(open, [])
  assert.doesNotMatch(picture.replaceAll(/<\/?\w+[^<>]*>/g, ''), /[<>]/)
})

test('a bar is as long as its figure: the longest reaches the end of the column', () => {
  const widths = [...picture.matchAll(/<rect x="230\.0" y="\d+\.\d" width="([\d.]+)"/g)].map(
    ([, width]) => Number(width),
  )
  const [node, flink, streams] = widths
  assert.ok(Math.abs(node! / flink! - 41_000 / 220_000) < 0.001, `${node} of ${flink}`)
  assert.ok(Math.abs(streams! / flink! - 123_000 / 220_000) < 0.001, `${streams} of ${flink}`)
})

test('it shows values, what failed, and on what it was measured', () => {
  for (const words of [
    '>220,000<',
    '>failed<',
    '>13 · 52<',
    '2026-01-02, 2 cores of A&amp;B &lt;C&gt;',
  ])
    assert.ok(picture.includes(words), words)
  assert.match(picture, /aria-label="[^"]*events\/s: node 41,000, flink heap 220,000/)
})
