import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textTable } from './text-table.ts'

test('numbers stand to the right, null is a dash', () => {
  assert.equal(
    textTable(
      ['name', 'n'],
      [
        ['a', 1],
        ['long name', 200],
        [null, null],
      ],
    ),
    ['name         n', 'a            1', 'long name  200', '-            -'].join('\n'),
  )
})

test('what a value holds does not steer the terminal', () => {
  assert.equal(textTable(['', ''], [['a\u001b[31m\nb', true]]), 'a\\u001b[31m\\nb  true')
})
