import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommandLine } from './command-line.ts'

test('a number of workers, or none', () => {
  assert.deepEqual(parseCommandLine([]), {})
  assert.deepEqual(parseCommandLine(['--workers', '3']), { workers: '3' })
  assert.deepEqual(parseCommandLine(['--workers=3']), { workers: '3' })
})

test('what it does not know is refused', () => {
  for (const args of [['--wrokers', '3'], ['3'], ['--workers']])
    assert.throws(() => parseCommandLine(args), { code: 'USAGE' })
})
