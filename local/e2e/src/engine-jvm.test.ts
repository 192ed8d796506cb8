import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { delimiter, join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { fold, rowOf, type OrderState } from '@order-up/fold'
import {
  decodeEventBody,
  decodeRaw,
  encodeCurated,
  encodeEvent,
  partitionOf,
  RAW_SCHEMA_VERSION,
  REASONS,
  type RawRecord,
} from '@order-up/schemas'
import { loadVectors, recordOf, VECTOR_IDS } from '@order-up/schemas/vectors'
import { findMaven } from '@order-up/stack'
import fc from 'fast-check'

/** The Java fold: its own tests, and then the same log through it and through the TypeScript one. */
const PROJECT = resolve(import.meta.dirname, '../../../functions/engine-jvm')
const FOLD = join(PROJECT, 'fold/target')
const CLASS_PATH = [join(FOLD, 'classes'), join(FOLD, 'test-classes')].join(delimiter)

const PARTITIONS = 4
const RECORDS = 40_000
/** as in Java's SmallestEngine */
const CURATED_ID = 0x11121314

const run = promisify(execFile)

test('the tests of functions/engine-jvm pass, with nothing skipped', async (t) => {
  const maven = await findMaven(process.env)
  const { stdout } = await run(maven, ['-B', '-ntp', '-f', join(PROJECT, 'pom.xml'), 'test'], {
    timeout: 300_000,
  }).catch((error: { stdout?: string; stderr?: string; message: string }) => {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`)
  })
  const counts = [...stdout.matchAll(/^\[.*\] Tests run: (.*Skipped: [0-9]+)$/gm)].map((m) => m[1]!)
  t.diagnostic(`Tests run in each module: ${counts.join('; ')}`)
  assert.ok(counts.length > 0, stdout)
  for (const count of counts) assert.match(count, /^[0-9]+, Failures: 0, Errors: 0, Skipped: 0$/)
  const tests = counts.reduce((sum, count) => sum + Number.parseInt(count, 10), 0)
  assert.ok(tests > loadVectors().length, `${tests} tests are fewer than there are vectors`)
})

// Says nothing of the shells: what they read and write over Kafka is the conformance kit's.
test('both folds answer alike, byte for byte, to a random log', { timeout: 120_000 }, async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const log = randomLog(seed)
  const expected = answersOf(log)

  const answers = await javaAnswersOf(log)

  assert.equal(answers.length, log.length)
  log.forEach((record, i) =>
    assert.equal(answers[i], expected[i], `seed ${seed}, record ${i}: ${lineOf(record)}`),
  )
  const kinds = Map.groupBy(expected, (answer) => answer.replace(/^row.*/, 'row'))
  t.diagnostic([...kinds].map(([kind, all]) => `${kind} ${all.length}`).join(', '))
  for (const kind of ['row', 'duplicate', ...REASONS.map((reason) => `rejected ${reason}`)])
    assert.ok(
      (kinds.get(kind)?.length ?? 0) >= 10,
      `too few records end as ${kind} to say anything`,
    )
})

const steps = loadVectors().flatMap((vector) => vector.steps)
const events = steps.flatMap(({ event }) => event ?? [])
const values = steps
  .flatMap((step) => recordOf(step).value ?? [])
  .filter((value) => value.length < 4_096)

const uuid = fc
  .tuple(fc.constantFrom('0', '7', '8', 'f'), fc.constantFrom('7', '8', 'f'), fc.nat(999))
  .map(([a, b, n]) => `${a}0000000-0000-4000-${b}000-${String(n).padStart(12, '0')}`)
/** Valid but for what the vectors' own events break; orders, ids and times are few, so that they meet and tie. */
const event = fc
  .record({
    event: fc.constantFrom(...events),
    order: fc.constantFrom('o-1', 'o-2', '\u00e9\u0000', '\u{1f4e6}', '\ufeffo', 'e\u0301', '...'),
    n: fc.nat(60),
    id: uuid,
    ms: fc.nat(3),
  })
  .map(({ event, order, n, id, ms }) =>
    encodeEvent(
      {
        ...event,
        event_id: id,
        order_id: order === 'o-2' ? `${order}-${n}` : order,
        event_ts: Date.UTC(2026) + ms,
      },
      VECTOR_IDS.known,
    ),
  )

const byte = fc.oneof(fc.constantFrom(0, 1, 2, 3, 0x0e, 0x10, 0x48, 0x7f, 0x80, 0xff), fc.nat(255))
const place = fc.integer({ min: 0, max: 9_999 })
type Change = (value: Buffer) => Buffer
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>((value) => value),
  fc.tuple(place, byte).map(([at, to]): Change => (value) => {
    const changed = Buffer.from(value)
    if (changed.length > 0) changed[at % changed.length] = to
    return changed
  }),
  fc
    .tuple(place, fc.nat(3), fc.array(byte, { maxLength: 3 }))
    .map(([at, dropped, inserted]): Change => (value) => {
      const i = at % (value.length + 1)
      return Buffer.concat([
        value.subarray(0, i),
        Buffer.from(inserted),
        value.subarray(i + dropped),
      ])
    }),
)
const value = fc
  .tuple(
    fc.oneof({ weight: 6, arbitrary: event }, { weight: 2, arbitrary: fc.constantFrom(...values) }),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant((value: Buffer) => value) },
      { weight: 1, arbitrary: change },
    ),
  )
  .map(([value, change]) => change(value))

/** Mostly under the key that its own body names and on that key's partition, so that the later checks are reached. */
const record: fc.Arbitrary<RawRecord> = fc
  .tuple(fc.option(value, { freq: 200, nil: null }), fc.nat(99), fc.nat(99))
  .map(([value, wrongKey, wrongPartition]) => {
    const key = wrongKey === 0 ? null : wrongKey === 1 ? Buffer.from('other') : keyOf(value)
    const partition = partitionOf(key ?? Buffer.alloc(0), PARTITIONS)
    return {
      key,
      value,
      partition: wrongPartition === 0 ? (partition + 1) % PARTITIONS : partition,
    }
  })

function keyOf(value: Buffer | null): Buffer {
  const body = decodeEventBody(value?.subarray(5) ?? Buffer.alloc(0))
  return Buffer.from('reason' in body ? 'o-1' : body.order_id)
}

const randomLog = (seed: number) => fc.sample(record, { seed, numRuns: RECORDS })

/** What the TypeScript fold answers, in the words of Java's Answers. */
function answersOf(log: readonly RawRecord[]): string[] {
  const ids = new Map([[VECTOR_IDS.known, RAW_SCHEMA_VERSION]])
  const states = new Map<string, OrderState>()
  return log.map((record) => {
    const decoded = decodeRaw(record, ids, PARTITIONS)
    if (decoded.kind === 'rejected') return `rejected ${decoded.reason}`
    assert.equal(decoded.kind, 'event')
    if (decoded.kind !== 'event') return ''
    const { order_id } = decoded.event
    const state = fold(states.get(order_id) ?? null, decoded.event)
    if (state === 'duplicate') return state
    states.set(order_id, state)
    return `row ${encodeCurated(rowOf(order_id, state), CURATED_ID).toString('hex')}`
  })
}

async function javaAnswersOf(log: readonly RawRecord[]): Promise<string[]> {
  const args = ['-cp', CLASS_PATH, 'orderup.fold.Answers', `${PARTITIONS}`, `${VECTOR_IDS.known}`]
  const java = run('java', args, { timeout: 60_000, maxBuffer: 1 << 30 })
  java.child.stdin!.end(log.map((record) => `${lineOf(record)}\n`).join(''))
  const { stdout } = await java
  return stdout.trimEnd().split('\n')
}

const lineOf = ({ key, value, partition }: RawRecord) =>
  `${partition} ${key?.toString('hex') ?? '-'} ${value?.toString('hex') ?? '-'}`
