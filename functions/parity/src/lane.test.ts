import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countsFrom, Lane, type Bytes, type Finding, type SideIndex } from './lane.ts'

/** What two engines wrote about raw offsets 0, 1, …: the content of each record, in the order of writing. */
type Written = readonly (readonly string[])[]

const bytes = (text: string): Bytes => {
  const buf = Buffer.from(`..${text}.`) // in the middle of something, as in a fetch
  return { buf, start: 2, length: Buffer.byteLength(text) }
}

function open(from = 0) {
  const findings: Finding[] = []
  const equal: number[] = []
  const fields: string[] = []
  const lane = new Lane(countsFrom(from), {
    fieldsOf: (a, b) => ({ text: [String(a.content), String(b.content)] }),
    onEqual: (offset) => equal.push(offset),
    onFinding: (finding) => findings.push(finding),
    onFields: (names) => fields.push(...names),
  })
  const take = (side: SideIndex, offset: number, content: string) =>
    lane.take(side, offset, bytes(`key ${offset}`), bytes(content))
  return { lane, take, findings, equal, fields }
}

/** What the counts must be, worked out from all that was written. */
function truthOf(a: Written, b: Written) {
  const truth = countsFrom(0)
  truth.to = Math.max(a.length, b.length)
  for (let offset = 0; offset < truth.to; offset++) {
    const both = [a[offset] ?? [], b[offset] ?? []] as const
    for (const side of [0, 1] as const) {
      truth.written[side] += both[side].length
      truth.twice[side] += Math.max(0, both[side].length - 1)
      if (both[side].length > 0 && both[1 - side]!.length === 0) truth.onlyIn[side]++
    }
    if (both[0].length > 0 && both[1].length > 0) {
      if (both[0][0] === both[1][0]) truth.equal++
      else truth.different++
    }
  }
  return truth
}

const written = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(['same']) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom('same', 'other', ''), { maxLength: 3 }) },
  ),
  { maxLength: 60 },
)

test('whatever the order in which records come, the counts are those of what was written', () => {
  fc.assert(
    fc.property(written, written, fc.infiniteStream(fc.nat()), (a, b, random) => {
      const truth = truthOf(a, b)
      const { lane, take, equal, fields, findings } = open()
      // of one raw offset an engine's records keep their order; else they come anyhow
      const events = [a, b].flatMap((own, side) =>
        own.flatMap((contents, offset) =>
          contents.length === 0 ? [] : [{ side: side as SideIndex, offset, contents }],
        ),
      )
      const next = () => random.next().value
      const left = events
        .map((event) => ({ event, at: next() }))
        .toSorted((x, y) => x.at - y.at)
        .map(({ event }) => event)
      /** below it all that the side wrote has been taken */
      const horizonOf = (side: SideIndex) =>
        Math.min(Infinity, ...left.filter((e) => e.side === side).map(({ offset }) => offset))
      while (left.length > 0) {
        const { side, offset, contents } = left.shift()!
        for (const content of contents) take(side, offset, content)
        if (next() % 3 === 0)
          for (const s of [0, 1] as const) {
            const horizon = horizonOf(s)
            lane.passHorizon(s, Math.min(horizon, truth.to, (next() % 61) + 1))
          }
      }
      lane.passHorizon(0, truth.to)
      lane.passHorizon(1, truth.to)

      assert.deepEqual(lane.counts, truth)
      assert.equal(equal.length, truth.equal)
      assert.equal(fields.length, truth.different)
      assert.deepEqual([lane.held(0), lane.held(1), lane.pending], [0, 0, 0])
      assert.equal(
        findings.length,
        truth.different + truth.onlyIn[0] + truth.onlyIn[1] + truth.twice[0] + truth.twice[1],
      )
    }),
    { numRuns: 2_000 },
  )
})

test('nothing is counted before both have committed past it', () => {
  const { lane, take } = open()
  take(0, 5, 'same')
  take(1, 5, 'same')
  lane.passHorizon(0, 6)
  assert.equal(lane.counts.equal, 0)
  lane.passHorizon(1, 6)
  assert.equal(lane.counts.equal, 1)
})

test('what the other side lacks is known by the other side’s horizon alone, and no longer held', () => {
  const { lane, take, findings } = open()
  take(0, 5, 'same')
  take(0, 9, 'same')
  lane.passHorizon(1, 6)
  assert.deepEqual(
    findings.map(({ is, side, offset }) => ({ is, side, offset })),
    [{ is: 'onlyIn', side: 0, offset: 5 }],
  )
  assert.equal(lane.held(0), 1)
  assert.equal(lane.wanted(0), 9)
  assert.equal(lane.wanted(1), -1)
})

test('a record that comes after its engine has committed past it does not make good that it was missing', () => {
  const { lane, take } = open()
  take(0, 5, 'same')
  lane.passHorizon(1, 6)
  take(1, 5, 'same')
  lane.passHorizon(0, 6)
  assert.deepEqual(lane.counts.onlyIn, [1, 0])
  assert.equal(lane.counts.equal, 0)
})

test('one more record of what is counted is one too many', () => {
  const { lane, take } = open()
  for (const side of [0, 1] as const) take(side, 5, 'same')
  for (const side of [0, 1] as const) lane.passHorizon(side, 6)
  take(1, 5, 'same')
  assert.deepEqual(lane.counts.twice, [0, 1])
})

test('records below the beginning are nobody’s business', () => {
  const { lane, take, findings } = open(10)
  take(0, 9, 'same')
  for (const side of [0, 1] as const) lane.passHorizon(side, 20)
  assert.deepEqual({ ...lane.counts }, { ...countsFrom(10), to: 20 })
  assert.deepEqual(findings, [])
})

test('no key, an empty key and an empty content are told apart', () => {
  const nothing: Bytes = { buf: Buffer.alloc(0), start: 0, length: -1 }
  const empty: Bytes = { buf: Buffer.alloc(0), start: 0, length: 0 }
  for (const [a, b, same] of [
    [nothing, empty, false],
    [nothing, nothing, true],
    [empty, empty, true],
  ] as const) {
    const { lane, equal } = open()
    lane.take(0, 1, a, bytes('x'))
    lane.take(1, 1, b, bytes('x'))
    lane.take(0, 2, bytes('x'), a)
    lane.take(1, 2, bytes('x'), b)
    assert.deepEqual(equal, same ? [1, 2] : [])
  }
})
