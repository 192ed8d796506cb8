import assert from 'node:assert/strict'
import { test } from 'node:test'
import { report } from './report.ts'
import type { Verdict } from './verify.ts'

const counts: Verdict['counts'] = {
  raw: 1_005,
  later: 0,
  applied: 1_000,
  duplicate: 2,
  deadLetter: 3,
  deadLetters: { framing: 1, null_value: 2 },
  curated: 1_000,
  curatedAgain: 0,
  curatedFilled: 0,
  deadLetterRecords: 3,
  orders: 20,
  warehouse: 20,
}

test('where everything agrees, the accounting and the verdict', () => {
  assert.equal(
    report({ verdict: 'PASS', until: [], counts, problems: [] }),
    `raw         1,005 records = 1,000 applied + 2 duplicate + 3 malformed
curated     1,000 rows
dead letter 3 records (framing 1, null_value 2)
warehouse   20 rows, 20 orders by the fold
PASS: the fold, SQL and the warehouse agree on every row; no key twice`,
  )
})

// under load PASS stood over 281,633 applied events and 239,305 curated rows, and nothing said why
test('what came while it was verified is told', () => {
  const text = report({ verdict: 'PASS', until: [], counts: { ...counts, later: 7 }, problems: [] })
  assert.equal(
    text.split('\n')[1],
    '            7 of them came meanwhile: their rows need not be there yet',
  )
})

test('what a swap leaves in curated is told', () => {
  const swapped = { ...counts, curated: 2_207, curatedAgain: 1_200, curatedFilled: 7 }
  const text = report({ verdict: 'PASS', until: [], counts: swapped, problems: [] })
  assert.equal(
    text.split('\n')[1],
    'curated     2,207 rows (1,200 written twice, alike, 7 filled in)',
  )
})

test('where something does not, each difference by its fields', () => {
  const row = { order_id: 'a', version: 2, paid_amount: 7, customer_id: null }
  const none = { order_id: null, version: null, paid_amount: null, customer_id: null }
  const example = (order_id: string, expected: object, found: object) => ({
    order_id,
    expected: JSON.stringify(expected),
    found: JSON.stringify(found),
  })
  const text = report({
    verdict: 'NOT VERIFIED',
    until: [],
    counts,
    problems: [
      {
        check: 'warehouse',
        says: 'rows differ',
        count: 12,
        examples: [
          example('a', row, { ...row, paid_amount: 8, customer_id: 'c' }),
          example('b', { ...row, order_id: 'b' }, none),
          example('c', none, { ...row, order_id: 'c' }),
        ],
      },
      {
        check: 'keys',
        says: 'a key is there twice',
        count: 1,
        examples: [{ order_id: 'd\u001b[0m', rows: 2, engine: null }],
      },
    ],
  })
  assert.deepEqual(text.split('\n').slice(4), [
    '',
    'warehouse: rows differ (12)',
    '    order a: paid_amount is 8, expected 7; customer_id is "c", expected null',
    '    order b: missing; expected version 2',
    '    order c: not expected; found version 2',
    '    … and 9 more',
    '',
    '',
    'keys: a key is there twice (1)',
    '    order_id d\\u001b[0m, rows 2',
    '',
    'NOT VERIFIED: 2 of the checks failed',
  ])
})
