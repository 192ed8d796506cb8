import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, statementOf, type Evidence } from './judge.ts'

const NAMES = ['flink-1', 'node-1'] as const
const none = { 'flink-1': 0, 'node-1': 0 }
const counts = (equal: number) => ({ equal, different: 0, onlyIn: none, twice: none })

const good: Evidence = {
  report: {
    rows: counts(10_000),
    deadLetters: counts(3),
    strays: none,
    fields: {},
    seen: { orders: 1_000, eventTypes: ['A', 'B'], rawEventTypes: ['A', 'B'], schemaIds: [2] },
    floor: { rows: 10_000, orders: 1_000 },
    lags: {
      'flink-1': { records: 50_000, idleMs: 1_000 },
      'node-1': { records: 0, idleMs: 0 },
    },
    comparison: { behind: 0, held: 0 },
    planted: [{ fault: 'a row dropped of node-1', caught: true }],
  },
  names: NAMES,
  pending: 0,
  searched: true,
  full: false,
  open: undefined,
  trouble: undefined,
  lagBound: 50_000,
  stallMs: 30_000,
  maxHeldRows: 7,
}
const withReport = (change: Partial<Evidence['report']>): Evidence => ({
  ...good,
  report: { ...good.report, ...change },
})
const lag = (records: number | null, idleMs = 0) => ({
  lags: { ...good.report.lags, 'flink-1': { records, idleMs } },
})

test('all is well: PASS', () => {
  assert.deepEqual(judge(good), {
    verdict: 'PASS',
    reason:
      '10,000 rows of 1,000 orders and 3 dead letters are equal byte for byte, and none differs',
  })
})

test('whatever is lacking makes it INCONCLUSIVE, and is said', () => {
  const cases: [Evidence, string][] = [
    [withReport({ rows: counts(9_999) }), '9,999 of 10,000 rows were compared'],
    [withReport({ seen: { ...good.report.seen, orders: 999 } }), '999 of 1,000 orders were seen'],
    [
      withReport({ seen: { ...good.report.seen, eventTypes: ['A'] } }),
      'raw holds B, of which no row was compared',
    ],
    [{ ...good, searched: false }, 'raw is still being searched for event types'],
    [withReport(lag(50_001)), 'flink-1 is 50,001 records behind, over the bound of 50,000'],
    [
      withReport(lag(1, 30_000)),
      'flink-1 stands still: it has committed nothing for 30 s, with 1 record of raw to go',
    ],
    [withReport(lag(null)), 'it is not known how far flink-1 is'],
    [
      withReport({ comparison: { behind: 50_001, held: 0 } }),
      'the comparison itself is 50,001 records behind',
    ],
    [
      withReport({ comparison: { behind: null, held: 0 } }),
      'it is not known how far the comparison is',
    ],
    [
      { ...withReport({ comparison: { behind: 50_001, held: 7 } }), full: true },
      "the memory bound was hit: 7 records wait for the other side's (MAX_HELD_ROWS 7)",
    ],
    [withReport({ planted: [] }), 'no fault has been planted yet'],
    [
      withReport({ planted: [{ fault: 'a row dropped of node-1', caught: false }] }),
      'a planted fault was not reported as what it is: a row dropped of node-1',
    ],
    [{ ...good, open: 'an open transaction …' }, 'an open transaction …'],
    [{ ...good, trouble: 'nothing can be read: …' }, 'nothing can be read: …'],
  ]
  for (const [evidence, reason] of cases)
    assert.deepEqual(judge(evidence), { verdict: 'INCONCLUSIVE', reason })
})

test('one disagreement of any kind is a FAIL, whatever is lacking', () => {
  const bad = { ...none, 'node-1': 1 }
  const cases: [Evidence, string][] = [
    [
      withReport({ rows: { ...counts(5), different: 2 }, fields: { status: 1, paid_at: 2 } }),
      '2 rows differ; in paid_at (2), status (1)',
    ],
    [withReport({ rows: { ...counts(5), onlyIn: bad } }), '1 row of node-1 flink-1 lacks'],
    [withReport({ rows: { ...counts(5), twice: bad } }), 'node-1 wrote 1 row more than once'],
    [
      withReport({ deadLetters: { ...counts(5), onlyIn: bad } }),
      '1 dead letter of node-1 flink-1 lacks',
    ],
    [withReport({ strays: bad }), '1 record of node-1 do not say which raw record they are of'],
    [{ ...good, pending: 1, searched: false }, '1 disagreement beyond what is counted yet'],
  ]
  for (const [evidence, reason] of cases)
    assert.deepEqual(judge(evidence), { verdict: 'FAIL', reason })
})

test('the statement bounds a rate by the rule of three, or says why it cannot', () => {
  assert.match(
    statementOf(counts(10_000)),
    /at most 3\/10,000 of rows \(1 in 3,333\) differ, provided/,
  )
  assert.match(statementOf(counts(2)), /Too few/)
  assert.match(statementOf({ ...counts(9), different: 1 }), /^1 of 10 rows do not agree/)
})
